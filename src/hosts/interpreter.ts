// SPDX-License-Identifier: Apache-2.0
// The loader that a program for x86-64 asks the kernel for (ELF, PT_INTERP). The portable file's Node asks for the loader that
// came with it, which no other machine has.
import { open } from "node:fs/promises";

export type Interpreter = {
  readonly path: string;
  /** Where the path is in the file, and how many bytes it may have there, its zero byte among them. */
  readonly offset: number;
  readonly sizeBytes: number;
};

export const USUAL_LOADER = "/lib64/ld-linux-x86-64.so.2";

/** One that the system has, of any architecture. */
export const isUsual = ({ path }: Interpreter): boolean => /^\/lib(64)?\/ld-/.test(path);

const ELF64_LITTLE = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const PT_INTERP = 3;
const HEAD_BYTES = 64;
const ENTRY_BYTES = 56;

/** null: it is not an ELF file of 64 bits, or it asks for none. */
export async function readInterpreter(path: string): Promise<Interpreter | null> {
  await using file = await open(path, "r");
  const read = async (offset: number, sizeBytes: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sizeBytes), 0, sizeBytes, offset);
    return buffer.subarray(0, bytesRead);
  };
  const head = await read(0, HEAD_BYTES);
  if (head.length < HEAD_BYTES || !head.subarray(0, ELF64_LITTLE.length).equals(ELF64_LITTLE)) return null;
  const [tableOffset, entryBytes, count] = [
    Number(head.readBigUInt64LE(32)),
    head.readUInt16LE(54),
    head.readUInt16LE(56),
  ];
  if (entryBytes !== ENTRY_BYTES || !Number.isSafeInteger(tableOffset)) return null;
  const table = await read(tableOffset, count * ENTRY_BYTES);
  for (let at = 0; at + ENTRY_BYTES <= table.length; at += ENTRY_BYTES) {
    if (table.readUInt32LE(at) !== PT_INTERP) continue;
    const [offset, sizeBytes] = [
      Number(table.readBigUInt64LE(at + 8)),
      Number(table.readBigUInt64LE(at + 32)),
    ];
    if (sizeBytes < 2 || sizeBytes > 4096) return null; // the kernel's bounds
    const text = (await read(offset, sizeBytes)).toString("latin1");
    return { path: text.slice(0, Math.max(0, text.indexOf("\0"))), offset, sizeBytes };
  }
  return null;
}

/** RangeError where there is no room for it. */
export async function writeInterpreter(file: string, at: Interpreter, path: string): Promise<void> {
  const bytes = Buffer.from(`${path}\0`, "latin1");
  if (bytes.length > at.sizeBytes) throw new RangeError(`${file} has no room for ${path}`);
  await using opened = await open(file, "r+");
  await opened.write(bytes, 0, bytes.length, at.offset);
}
