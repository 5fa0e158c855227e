// SPDX-License-Identifier: Apache-2.0
// What the shell on a host is told to do with a disk's files: one script for each act. Pure.
import { HASH_BYTES } from "../../wire/index.ts";

const MIB = 2 ** 20;

/** What the host's programs can do. */
export type Tools = {
  readonly hash: string;
  readonly zstd: boolean;
  readonly gzip: boolean;
  /** GNU's dd: it leaves holes, and reads past the page cache. */
  readonly gnu: boolean;
};

/** A word for each thing that is there. */
export const PROBE = [
  'if [ "$(printf abcdef | { dd bs=3 count=1 iflag=fullblock 2>/dev/null; cat >/dev/null; })" = abc ]; then echo fullblock; fi',
  "for p in openssl sha256sum shasum zstd gzip od stat; do if command -v $p >/dev/null; then echo $p; fi; done",
  "if dd --version 2>/dev/null | head -n 1 | grep -q coreutils; then echo gnu; fi; true",
].join("; ");

const HASHES: Readonly<Record<string, string>> = {
  openssl: "openssl dgst -sha256 -r", // four times as fast as coreutils
  sha256sum: "sha256sum",
  shasum: "shasum -a 256",
};

/** null: without these it cannot be done. */
export function parseTools(lines: readonly string[]): Tools | null {
  const has = (name: string): boolean => lines.includes(name);
  const hash = Object.entries(HASHES).find(([name]) => has(name))?.[1];
  if (hash === undefined || !has("fullblock") || !has("od") || !has("stat")) return null;
  return { hash, zstd: has("zstd"), gzip: has("gzip"), gnu: has("gnu") };
}

export type Codec = "none" | "zstd" | "gzip";

const UNPACK: Readonly<Record<Codec, string>> = { none: "", zstd: "| zstd -dcq ", gzip: "| gzip -dc " };

/** Takes `wireBytes` from stdin in any case, so that the next script is found behind them. */
export function writeCell(
  file: string,
  { start, wireBytes, codec, sparse }: { start: number; wireBytes: number; codec: Codec; sparse: boolean },
): string {
  const conv = sparse ? "notrunc,sparse" : "notrunc";
  return keepWords(
    `dd bs=${wireBytes} count=1 iflag=fullblock 2>/dev/null ${UNPACK[codec]}2>/dev/null | dd of=${file} bs=${MIB} seek=${start / MIB} conv=${conv}`,
  );
}

export const flush = (file: string): string =>
  keepWords(`dd if=/dev/null of=${file} count=0 conv=notrunc,fsync`);

/** Prints the SHA-256 of [start, end) as it is read back. */
export function hashRange(
  file: string,
  { start, end, tools }: { start: number; end: number; tools: Tools },
): string {
  const direct = tools.gnu ? " iflag=direct" : "";
  const hash = `${tools.hash} | cut -c 1-64`;
  if (start % MIB === 0) {
    const blocks = Math.ceil((end - start) / MIB);
    const exact = (end - start) % MIB === 0 ? "" : `| head -c ${end - start} `;
    const read = (how: string): string =>
      `dd if=${file} bs=${MIB} skip=${start / MIB} count=${blocks}${how} 2>/dev/null`;
    return orCached(direct, (how) => `${read(how)} ${exact}| ${hash}`);
  }
  const block = Math.floor(start / 4096);
  const count = Math.ceil(end / 4096) - block;
  return `dd if=${file} bs=4096 skip=${block} count=${count} 2>/dev/null | tail -c +${start - block * 4096 + 1} | head -c ${end - start} | ${hash}`;
}

/** Some file systems refuse direct reads: then `p2v_direct` is empty. */
const orCached = (direct: string, script: (how: string) => string): string =>
  direct === "" ? script("") : `if [ "$p2v_direct" = yes ]; then ${script(direct)}; else ${script("")}; fi`;

/** Says whether reads past the page cache work on this file; later scripts know. */
export const tryDirect = (file: string, { gnu }: Tools): string =>
  gnu
    ? `if dd if=${file} of=/dev/null bs=4096 count=1 iflag=direct 2>/dev/null; then p2v_direct=yes; else p2v_direct=; fi; echo "direct=$p2v_direct"`
    : "echo direct=";

/** Entries by index; 32 bytes each, as printf writes them. */
export function writeEntries(file: string, entries: ReadonlyMap<number, Uint8Array>): string {
  const one = ([index, hash]: readonly [number, Uint8Array]): string => {
    const octal = [...hash].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    return `printf '${octal}' | dd of=${file} bs=${HASH_BYTES} seek=${index} conv=notrunc`;
  };
  return keepWords([...entries].map(one).join(" && "));
}

/** Entries from `first` on come from stdin. */
export const fillEntries = (file: string, { first, bytes }: { first: number; bytes: number }): string =>
  keepWords(
    `dd bs=${bytes} count=1 iflag=fullblock 2>/dev/null | dd of=${file} bs=${HASH_BYTES} seek=${first} conv=notrunc`,
  );

/** Prints `count` entries in hex. */
export const readEntries = (file: string, { first, count }: { first: number; count: number }): string =>
  `dd if=${file} bs=${HASH_BYTES} skip=${first} count=${count} 2>/dev/null | od -A n -v -t x1`;

/**
 * Old bytes become zero: as a hole where that can be (busybox's fallocate cannot), else where they are not zero: writing
 * over holes would fill the file system with what nobody uses.
 */
export function makeZero(file: string, { start, end }: { start: number; end: number }): string {
  const one = `dd if=${file} bs=${MIB} skip=$p2v_i count=1 2>/dev/null | tr -d '\\000' | head -c 1 | wc -c`;
  const zeros = `head -c $p2v_k /dev/zero | dd of=${file} bs=${MIB} seek=$p2v_i conv=notrunc`;
  const written = [
    `p2v_i=${start / MIB}; p2v_l=${end - start}`,
    `while [ $p2v_l -gt 0 ]; do p2v_k=${MIB}; [ $p2v_l -ge $p2v_k ] || p2v_k=$p2v_l`,
    `[ "$(${one})" -eq 0 ] || { ${zeros}; } || exit 1`,
    "p2v_i=$((p2v_i + 1)); p2v_l=$((p2v_l - p2v_k)); done",
  ].join("; ");
  return `fallocate -p -o ${start} -l ${end - start} ${file} 2>/dev/null || ${keepWords(written)}`;
}

/** A sparse file of this size, in the place of none. */
export const makeFile = (file: string, sizeBytes: number): string =>
  keepWords(`( set -C; : >${file} ) && dd if=/dev/null of=${file} bs=1 seek=${sizeBytes} count=0`);

/** `size N` of a regular file, `absent`, or `other`; links are not followed. */
export const lookAt = (file: string): string =>
  `if [ -L ${file} ]; then echo other; elif [ -f ${file} ]; then echo "size $(stat -c %s ${file})"; elif [ -e ${file} ]; then echo other; else echo absent; fi`;

/** dd tells what it did even when all went well: only the words of a failure are printed. */
const keepWords = (command: string): string =>
  `p2v_w=$({ ${command}; } 2>&1 >/dev/null) || { p2v_c=$?; printf '%s\\n' "$p2v_w" | tail -n 4; (exit $p2v_c); }`;
