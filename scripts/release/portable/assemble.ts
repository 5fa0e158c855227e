// SPDX-License-Identifier: Apache-2.0
// The layout of the portable file: a shell script, and behind it, each at a block of 4096 bytes, a static busybox that
// unpacks the rest, the runtime, and our program.
import { createReadStream } from "node:fs";
import { chmod, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "../sums.ts";

const BLOCK = 4096;

export type Parts = Readonly<Record<"busybox" | "runtime" | "program", string>>;

/** `runtime` and `program` are packed trees, each with its list `sizes`. */
export async function assemble(
  path: string,
  { version, parts }: { version: string; parts: Parts },
): Promise<void> {
  const template = await readFile(join(import.meta.dirname, "head.sh"), "utf8");
  const values: Record<string, string> = { VERSION: version };
  // The head's own length decides where the parts begin: it gets as many blocks as its template, and one more for the values.
  const headBlocks = Math.ceil(Buffer.byteLength(template) / BLOCK) + 1;
  let at = headBlocks;
  for (const name of ["busybox", "runtime", "program"] as const) {
    const { size } = await stat(parts[name]);
    const upper = name.toUpperCase();
    values[`${upper}_AT`] = `${at}`;
    values[`${upper}_BYTES`] = `${size}`;
    values[`${upper}_SHA256`] = await hashFile(parts[name]);
    at += Math.ceil(size / BLOCK);
  }
  const head = Buffer.alloc(headBlocks * BLOCK, "\n");
  const text = Buffer.from(renderHead(template, values));
  if (text.length > head.length) throw new Error("The head of the portable file is too long");
  text.copy(head);
  await using file = await open(path, "w", 0o755);
  await file.write(head);
  for (const name of ["busybox", "runtime", "program"] as const) {
    let bytes = 0;
    for await (const part of createReadStream(parts[name], { highWaterMark: 2 ** 20 })) {
      bytes += (part as Buffer).length;
      await file.write(part as Buffer);
    }
    await file.write(Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK));
  }
  await chmod(path, 0o755);
}

/** Fills in `@NAME@`. Error where one is not known, or stays. */
export function renderHead(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@([A-Z][A-Z0-9_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`head.sh names @${name}@, which nobody knows`);
    return value;
  });
}
