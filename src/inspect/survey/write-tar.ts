// SPDX-License-Identifier: Apache-2.0
// A tar archive made in memory, of files for their owner only: ustar, with GNU's records for long names. Pure.
import type { TarEntry } from "./tar.ts";

const BLOCK = 512;
const NAME_BYTES = 100;
const TYPES = { file: "0", link: "2", directory: "5" } as const;
const MODES = { file: 0o600, link: 0o777, directory: 0o700 } as const;

/** Paths are absolute, as readTar() gives them; in the archive they are relative. */
export function writeTar(entries: readonly TarEntry[], { date }: { date: Date }): Buffer {
  const blocks = entries.flatMap((entry) => {
    const name = Buffer.from(`.${entry.path}${entry.kind === "directory" ? "/" : ""}`);
    const target = Buffer.from(entry.kind === "link" ? entry.target : "");
    const content = Buffer.from(entry.kind === "file" ? entry.bytes : "");
    const about = { type: TYPES[entry.kind], mode: MODES[entry.kind], date };
    return [
      ...longName("L", name),
      ...longName("K", target),
      header({ ...about, name, target, sizeBytes: content.length }),
      ...padded(content),
    ];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

type Header = {
  readonly name: Buffer;
  readonly target: Buffer;
  readonly sizeBytes: number;
  readonly type: string;
  readonly mode: number;
  readonly date: Date;
};

/** Fields by their offset in the header (POSIX.1-1988, ustar). */
function header({ name, target, sizeBytes, type, mode, date }: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  name.copy(block, 0, 0, NAME_BYTES);
  octal(mode, 100, 7);
  octal(0, 108, 7); // owner and group: root, whoever we are
  octal(0, 116, 7);
  octal(sizeBytes, 124, 11);
  octal(Math.floor(date.getTime() / 1000), 136, 11);
  block.fill(" ", 148, 156); // the sum counts itself as blanks
  block.write(type, 156, "latin1");
  target.copy(block, 157, 0, NAME_BYTES);
  block.write("ustar\x0000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return block;
}

function longName(type: "L" | "K", name: Buffer): readonly Buffer[] {
  if (name.length <= NAME_BYTES) return [];
  const content = Buffer.concat([name, Buffer.alloc(1)]);
  const about = { type, mode: 0, date: new Date(0), target: Buffer.alloc(0) };
  return [
    header({ ...about, name: Buffer.from("././@LongLink"), sizeBytes: content.length }),
    ...padded(content),
  ];
}

const padded = (content: Buffer): readonly Buffer[] => [
  content,
  Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
];
