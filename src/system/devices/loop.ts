// SPDX-License-Identifier: Apache-2.0
// Loop devices: a part of a file or device as a block device of its own. Detached by the scope that attached them.
import { setTimeout } from "node:timers/promises";
import { run, RunError } from "../programs/run.ts";
import { isNoted, type LoopNote, readLoops } from "./loop-list.ts";

/** Dispose waits until the kernel has let go of it. */
export interface LoopDevice extends AsyncDisposable {
  readonly path: string;
  /** What it is, however its number is used later. */
  readonly note: LoopNote;
}

const DETACH_MS = 60_000;

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
  const detach = async (): Promise<void> => {
    try {
      await run(["losetup", "--detach", device], { timeoutMs: 30_000 });
    } catch (error) {
      // Somebody detached all that nobody uses (losetup -D): that is as well.
      if (!(error instanceof RunError) || !/No such device/.test(error.stderr)) throw error;
    }
  };
  const note = (await readLoops().catch(() => [])).find((one) => one.path === device);
  if (note === undefined) {
    await detach();
    throw new Error(`${device} is not attached`);
  }
  let attached = true;
  return {
    path: device,
    note,
    async [Symbol.asyncDispose]() {
      if (!attached) return;
      attached = false;
      await detach();
      await untilDetached(note);
    },
  };
}

/**
 * `losetup -d` on a device that somebody has open (udev, a probe), or has mounted in a mount namespace of a moment ago, succeeds at once
 * and detaches later: until then what is below is neither complete nor at rest.
 */
async function untilDetached(note: LoopNote): Promise<void> {
  const end = performance.now() + DETACH_MS;
  while ((await readLoops()).some((loop) => isNoted(loop, note))) {
    if (performance.now() > end) throw new Error(`${note.path} is still in use`);
    await setTimeout(50);
  }
}
