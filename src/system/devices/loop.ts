// SPDX-License-Identifier: Apache-2.0
// Loop devices: a part of a file or device as a block device of its own. Detached by the scope that attached them.
import { run } from "../programs/run.ts";

export interface LoopDevice extends AsyncDisposable {
  readonly path: string;
}

/**
 * Attaches [offset, offset + size) of `path`. Never attach the same bytes twice: the page caches would differ. Direct I/O
 * stays off: it sends writes in parallel, and QEMU's FUSE export (7.2, and still in early 2026: "fuse: Copy write buffer
 * content before polling") then mixes up their contents. Without it the kernel sends one write at a time.
 */
export async function attachLoop(
  path: string,
  options: {
    offset: number;
    sizeBytes: number;
    readOnly: boolean;
    sectorBytes?: number;
    signal?: AbortSignal;
  },
): Promise<LoopDevice> {
  const argv = [
    "losetup",
    "--find",
    "--show",
    "--direct-io=off",
    "--offset",
    `${options.offset}`,
    "--sizelimit",
    `${options.sizeBytes}`,
  ];
  if (options.readOnly) argv.push("--read-only");
  if (options.sectorBytes !== undefined && options.sectorBytes !== 512)
    argv.push("--sector-size", `${options.sectorBytes}`);
  const { stdout } = await run(
    [...argv, "--", path],
    options.signal === undefined ? {} : { signal: options.signal },
  );
  const device = stdout.trim();
  let attached = true;
  return {
    path: device,
    async [Symbol.asyncDispose]() {
      if (!attached) return;
      attached = false;
      await run(["losetup", "--detach", device], { timeoutMs: 30_000 });
    },
  };
}
