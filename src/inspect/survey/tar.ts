// SPDX-License-Identifier: Apache-2.0
// A tar archive read in memory. tar(1) would write what a stranger made into a directory, device nodes and a million
// names included; here nothing is written, links are only texts, and all is bounded. Pure. Format: POSIX.1-1988 ustar,
// GNU long names (tar's manual, "The GNU Format"), pax path records (POSIX.1-2001, pax, "Extended Header").

export type TarEntry =
  | { readonly kind: "file"; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

export type TarLimits = {
  readonly entries: number;
  readonly fileBytes: number;
  readonly pathChars: number;
};

const BLOCK = 512;
/** A long name is a file of its own before the entry it is for. */
const MAX_NAME_BYTES = 64 * 1024;

/** Paths are absolute and canonical. RangeError, with words for people, for whatever is damaged or beyond the limits. */
export function readTar(bytes: Uint8Array, limits: TarLimits): readonly TarEntry[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: TarEntry[] = [];
  let long: { path?: string; target?: string } = {};
  for (let at = 0; ; ) {
    const header = data.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw new RangeError(`it ends in the middle, after ${data.length} bytes`);
    if (header.every((byte) => byte === 0)) return entries;
    checkSum(header, at);
    const size = octal(header, 124, 12);
    const type = String.fromCharCode(header[156] ?? 0);
    const content = data.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new RangeError(`it ends in the middle, after ${data.length} bytes`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if ("LKxg".includes(type)) {
      if (size > MAX_NAME_BYTES) throw new RangeError(`a name of ${size} bytes`);
      if (type === "L") long = { ...long, path: text(content) };
      if (type === "K") long = { ...long, target: text(content) };
      if (type === "x") long = { ...long, ...paxRecords(content) };
      continue;
    }
    const path = canonical(long.path ?? headerPath(header), limits);
    const target = long.target ?? text(header.subarray(157, 257));
    long = {};
    entries.push(makeEntry({ type, path, target, content }, limits));
    if (entries.length > limits.entries) throw new RangeError(`more than ${limits.entries} files`);
  }
}

type Found = {
  readonly type: string;
  readonly path: string;
  readonly target: string;
  readonly content: Uint8Array;
};

function makeEntry({ type, path, target, content }: Found, limits: TarLimits): TarEntry {
  switch (type) {
    case "0":
    case "\0":
      if (content.length > limits.fileBytes)
        throw new RangeError(`${path} has ${content.length} bytes, more than ${limits.fileBytes}`);
      return { kind: "file", path, bytes: content };
    case "5":
      return { kind: "directory", path };
    case "2":
      if (target === "" || target.length > limits.pathChars || target.includes("\0"))
        throw new RangeError(`${path} is a link to nowhere`);
      return { kind: "link", path, target };
    default:
      throw new RangeError(
        `${path} is not a file, directory or symbolic link (type ${JSON.stringify(type)})`,
      );
  }
}

/** `./etc/fstab` is `/etc/fstab`. No collector writes an absolute path, or one with `..` in it. */
function canonical(path: string, { pathChars }: TarLimits): string {
  const shown = JSON.stringify(path.slice(0, 100));
  if (path.length > pathChars) throw new RangeError(`the path ${shown} is too long`);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.includes("..") || /[\0\ufffd]/.test(path))
    throw new RangeError(`the path ${shown} leads out of the archive`);
  return `/${parts.join("/")}`;
}

function headerPath(header: Buffer): string {
  const name = text(header.subarray(0, 100));
  const isPosix = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? text(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Up to the first zero byte. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** Digits, then a blank or a zero byte. Sizes in base 256 (8 GiB and more) are beyond all limits. */
function octal(header: Buffer, start: number, length: number): number {
  const field = header.toString("latin1", start, start + length);
  const digits = /^ *([0-7]{1,12})[ \0]*$/.exec(field)?.[1];
  if (digits === undefined) throw new RangeError("a header that is not a tar header");
  return Number.parseInt(digits, 8);
}

/** The sum of all bytes, those of the sum itself counted as blanks. */
function checkSum(header: Buffer, at: number): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 32 : byte;
  if (octal(header, 148, 8) !== sum) throw new RangeError(`a damaged header at byte ${at}`);
}

/** `30 path=some/where\n`: length of the whole record, key, value. */
function paxRecords(content: Buffer): { path?: string; target?: string } {
  const found: { path?: string; target?: string } = {};
  for (let at = 0; at < content.length; ) {
    const [, digits] = /^(\d{1,6}) /.exec(content.toString("latin1", at, at + 8)) ?? [];
    const length = Number(digits ?? 0);
    if (digits === undefined || length < 5 || at + length > content.length)
      throw new RangeError("a damaged pax header");
    const record = content.toString("utf8", at + digits.length + 1, at + length - 1);
    if (record.startsWith("path=")) found.path = record.slice("path=".length);
    if (record.startsWith("linkpath=")) found.target = record.slice("linkpath=".length);
    if (/^(size|GNU\.sparse)/.test(record)) throw new RangeError("a pax header with a size of its own");
    at += length;
  }
  return found;
}
