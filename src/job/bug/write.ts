// SPDX-License-Identifier: Apache-2.0
// A bug report, written: one archive for its owner only, with a page that says what is in it. No secrets leave by it.
import { open, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { blotKnown, blotText, UserError } from "../../core/index.ts";
import { collectHere, writeTar } from "../../inspect/index.ts";
import { isErrno, RunError } from "../../system/index.ts";
import { type BugPart, blotContent } from "./content.ts";
import { readKernelLog } from "./kernel-log.ts";

const DIRECTORY = "/virt-p2v-bug";

/** What this computer is, by the collector, and what its kernel says of disks. */
export function machineParts(sysroot: string | null): readonly BugPart[] {
  return [
    {
      name: "machine.tar.gz",
      what: "this computer, as virt-p2v inspect --collector takes it: hardware, disks, fstab, boot loader and network settings",
      read: async ({ signal }) => {
        try {
          return { kind: "bytes", bytes: await collectHere({ sysroot, signal }) };
        } catch (error) {
          if (error instanceof RunError || error instanceof RangeError)
            return { kind: "left-out", why: error.message };
          throw error;
        }
      },
    },
    { name: "kernel.log", what: "lines of the kernel's log about disks", read: readKernelLog },
  ];
}

export type Written = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly files: readonly string[];
  /** What could not be taken, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
};

/** UserError where `out` exists or cannot be written. */
export async function writeBugReport(
  parts: readonly BugPart[],
  { out, signal }: { out: string; signal: AbortSignal },
): Promise<Written> {
  await using file = await openNew(out);
  try {
    const files: { name: string; bytes: Uint8Array }[] = [];
    const leftOut: { name: string; why: string }[] = [];
    for (const { name, read } of parts) {
      signal.throwIfAborted();
      const content = await read({ signal });
      const bytes = blotContent(content);
      if (bytes !== null) files.push({ name, bytes });
      if (content.kind === "left-out") leftOut.push({ name, why: content.why });
    }
    const all = [{ name: "README.txt", bytes: Buffer.from(renderAbout(parts, leftOut)) }, ...files];
    const entries = all.map(({ name, bytes }) => ({
      kind: "file" as const,
      path: `${DIRECTORY}/${name}`,
      bytes,
    }));
    const packed = await promisify(gzip)(writeTar(entries, { date: new Date() }));
    await file.writeFile(packed);
    await file.sync();
    return { path: out, sizeBytes: packed.length, files: all.map(({ name }) => name), leftOut };
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  }
}

function renderAbout(
  parts: readonly BugPart[],
  leftOut: readonly { readonly name: string; readonly why: string }[],
): string {
  const missing = new Map(leftOut.map(({ name, why }) => [name, why]));
  const lines = parts.map(({ name, what }) => {
    const why = missing.get(name);
    return blotKnown(blotText(why === undefined ? `${name}: ${what}` : `${name}: not taken, ${why}`));
  });
  return `A bug report of virt-p2v. *** stands where something looked like a password, key or token.

${lines.join("\n")}

machine.tar.gz is read by: virt-p2v inspect machine.tar.gz, virt-p2v plan --machine machine.tar.gz
`;
}

/** Exclusive: no file is overwritten, and no link followed. */
async function openNew(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (isErrno(error, "EEXIST"))
      throw new UserError("bug-out-exists", `${path} exists already`, {
        advice: "Name another file with --out",
        cause: error,
      });
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS", "ELOOP", "ENAMETOOLONG"))
      throw error;
    throw new UserError("bug-out-wrong", `${path} cannot be written: ${error.code ?? ""}`, {
      advice: "Name a file in a directory that you may write with --out",
      cause: error,
    });
  }
}
