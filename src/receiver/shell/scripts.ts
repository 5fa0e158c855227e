// SPDX-License-Identifier: Apache-2.0
// What the shell on a host does with a disk's files: one script for each act. Pure. File names are DISK_NAMEs: they
// need no quotes.
import type { Range } from "../../core/index.ts";
import { HASH_BYTES, MAX_ENTRIES } from "../../wire/index.ts";
import type { Cells } from "../store.ts";
import type { Codec } from "./tools.ts";

const MIB = 2 ** 20;
/** Of writes, and of the holes in them. */
export const BLOCK_BYTES = 65_536;
/** The code of a script whose bytes were damaged on their way. */
export const DAMAGED = 65;

const UNPACK = { zstd: "zstd -dcq", gzip: "gzip -dc" } as const;

type CellScript = {
  readonly start: number;
  readonly length: number;
  readonly wireBytes: number;
  readonly codec: Codec;
  /** What is zero may stay a hole. */
  readonly sparse: boolean;
};

/**
 * Takes `wireBytes` from stdin in any case, so that the next script is found behind them. What is packed has whole blocks:
 * dd takes as many as the cell has, and says how many came.
 */
export function writeCell(file: string, { start, length, wireBytes, codec, sparse }: CellScript): string {
  const body = `dd bs=${wireBytes} count=1 iflag=fullblock 2>/dev/null`;
  const write = `dd of=${file} bs=${BLOCK_BYTES} seek=${start / BLOCK_BYTES} conv=${sparse ? "notrunc,sparse" : "notrunc"}`;
  if (codec === "none") return keepWords(`${body} | ${write}`);
  const blocks = length / BLOCK_BYTES;
  const more = `{ ${write} count=${blocks} iflag=fullblock; p2v_c=$?; [ "$(dd bs=1 count=1 2>/dev/null | wc -c)" -eq 0 ] || echo more >&2; (exit $p2v_c); }`;
  const exact = `case "$p2v_w" in *more*) (exit ${DAMAGED}) ;; "${blocks}+0 records in"*) ;; *) (exit ${DAMAGED}) ;; esac`;
  return `{ ${keepWords(`${body} | ${UNPACK[codec]} 2>/dev/null | ${more}`)}; } && ${exact}`;
}

export const flush = (file: string): string =>
  keepWords(`dd if=/dev/null of=${file} count=0 conv=notrunc,fsync`);

/** Prints the SHA-256 of a range as it is read back, and more; `direct`: past the page cache. */
export function hashRange(
  file: string,
  { start, end }: Range,
  { hash, direct }: { hash: string; direct: boolean },
): string {
  const length = end - start;
  if (start % MIB === 0) {
    const exact = length % MIB === 0 ? "" : `| head -c ${length} `;
    return `dd if=${file} bs=${MIB} skip=${start / MIB} count=${Math.ceil(length / MIB)}${direct ? " iflag=direct" : ""} 2>/dev/null ${exact}| ${hash}`;
  }
  const block = Math.floor(start / 4096);
  const count = Math.ceil(end / 4096) - block;
  return `dd if=${file} bs=4096 skip=${block} count=${count} 2>/dev/null | tail -c +${start - block * 4096 + 1} | head -c ${length} | ${hash}`;
}

/** Succeeds where reads past the page cache work on this file. */
export const tryDirect = (file: string): string =>
  `dd if=${file} of=/dev/null bs=4096 count=1 iflag=direct 2>/dev/null`;

/** Entries from `first` on come from stdin, `bytes` in all. */
export const writeEntries = (file: string, { first, bytes }: { first: number; bytes: number }): string =>
  keepWords(
    `dd bs=${bytes} count=1 iflag=fullblock 2>/dev/null | dd of=${file} bs=${HASH_BYTES} seek=${first} conv=notrunc`,
  );

const readCells = (file: string, { first, last }: Cells): string =>
  last - first <= MAX_ENTRIES
    ? `dd if=${file} bs=${HASH_BYTES} skip=${first} count=${last - first} 2>/dev/null`
    : `tail -c +${first * HASH_BYTES + 1} ${file} | head -c ${(last - first) * HASH_BYTES}`; // dd would read them one by one

/** Prints entries in hex. */
export const readEntries = (file: string, cells: Cells): string =>
  `${readCells(file, cells)} | od -A n -v -t x1`;

/** Prints `some` where a byte of these entries is not zero. Of many no more than the first is kept. */
export function lookForEntries(file: string, cells: Cells): string {
  const first = cells.last - cells.first <= MAX_ENTRIES ? "" : " | head -c 1";
  return `[ -z "$(${readCells(file, cells)} | tr -d '\\000'${first})" ] || echo some`;
}

/**
 * Old bytes become zero: as a hole where that can be (busybox's fallocate cannot), else where they are not zero: writing
 * over holes would fill the file system with what nobody uses.
 */
export function makeZero(file: string, { start, end }: Range): string {
  const bytes = `dd if=${file} bs=${MIB} skip=$p2v_i count=1 2>/dev/null | tr -d '\\000' | head -c 1 | wc -c`;
  const zeros = `head -c $p2v_k /dev/zero | dd of=${file} bs=${MIB} seek=$p2v_i conv=notrunc`;
  const written = [
    `p2v_i=${start / MIB}; p2v_l=${end - start}`,
    `while [ $p2v_l -gt 0 ]; do p2v_k=${MIB}; [ $p2v_l -ge $p2v_k ] || p2v_k=$p2v_l`,
    `[ "$(${bytes})" -eq 0 ] || { ${zeros}; } || exit 1`,
    "p2v_i=$((p2v_i + 1)); p2v_l=$((p2v_l - p2v_k)); done",
  ].join("; ");
  return `fallocate -p -o ${start} -l ${end - start} ${file} 2>/dev/null || ${keepWords(written)}`;
}

/** Also a link. */
export const removeFile = (file: string): string => keepWords(`rm -f ${file}`);

/** A sparse file of this size in the place of whatever is there, but a directory. `isNew`: nothing may be there. */
export function makeFile(file: string, sizeBytes: number, { isNew }: { isNew: boolean }): string {
  const make = `( set -C; : >${file} ) && dd if=/dev/null of=${file} bs=1 seek=${sizeBytes} count=0`;
  return keepWords(isNew ? make : `rm -f ${file} && ${make}`);
}

/** Flushes the directory: `sync FILE` is of coreutils and busybox; without it the whole system is flushed. */
export const FLUSH_DIRECTORY = "sync . 2>/dev/null || sync";

/** `size N` of a regular file, `link`, `directory`, `other` or `absent`. */
export const lookAt = (file: string): string =>
  `if [ -L ${file} ]; then echo link; elif [ -f ${file} ]; then echo "size $(stat -c %s ${file})"; elif [ -d ${file} ]; then echo directory; elif [ -e ${file} ]; then echo other; else echo absent; fi`;

/** dd tells what it did even when all went well: only the words of a failure are printed. */
export const keepWords = (command: string): string =>
  `p2v_w=$({ ${command}; } 2>&1 >/dev/null) || { p2v_c=$?; printf '%s\\n' "$p2v_w" | tail -n 4; (exit $p2v_c); }`;
