// SPDX-License-Identifier: Apache-2.0
// Memory that a guest sets aside at boot, by its kernel's words and by sysctl. Pure.

/** One thing that takes memory before programs get any. */
export type Reservation = {
  /** As it stands there: `hugepages=64`. */
  readonly word: string;
  readonly bytes: number;
};

export type Reserved = {
  /** Huge pages by their size; the default size first has what the command line says of it. */
  readonly pages: ReadonlyMap<number, number>;
  readonly defaultPageBytes: number;
  readonly others: readonly Reservation[];
  readonly crashBytes: number | null;
  /** mem=: the kernel uses no more. */
  readonly limitBytes: number | null;
};

const MIB = 2 ** 20;
const USUAL_PAGE = 2 * MIB;
const MAX_WORDS = 500;

/** `64K`, `1G`, as the kernel's memparse() reads it; plain digits are bytes. null: no size. */
export function parseMemory(text: string): number | null {
  const [, digits = "", unit = ""] = /^(\d{1,15})([KMGTP]?)B?$/i.exec(text) ?? [];
  if (digits === "") return null;
  const bytes = Number(digits) * 1024 ** " KMGTP".indexOf(unit.toUpperCase() || " ");
  return Number.isSafeInteger(bytes) ? bytes : Number.MAX_SAFE_INTEGER;
}

/** kernel-parameters.txt: hugepages= counts pages of the hugepagesz= before it, or of the default size. */
export function readKernelMemory(words: string, memoryBytes: number): Reserved {
  const pages = new Map<number, number>();
  const others: Reservation[] = [];
  let defaultPageBytes = USUAL_PAGE;
  let pageBytes: number | null = null;
  let early = 0;
  let crashBytes: number | null = null;
  let limitBytes: number | null = null;
  for (const word of words.split(/[ \t\r\n"']+/, MAX_WORDS)) {
    const [key, value] = splitOnce(word);
    const size = parseMemory(value);
    if (key === "default_hugepagesz" && size !== null) defaultPageBytes = pageBytes = size;
    else if (key === "hugepagesz" && size !== null) pageBytes = size;
    else if (key === "hugepages") {
      const count = pageCount(value);
      if (pageBytes === null) early = count;
      else pages.set(pageBytes, count);
    } else if (key === "crashkernel") crashBytes = Math.max(crashBytes ?? 0, crashSize(value, memoryBytes));
    else if (key === "mem" && size !== null) limitBytes = size;
    else if (key === "hugetlb_cma" && size !== null) others.push({ word, bytes: size });
    else if (key === "memmap") {
      const [, length = ""] = /^([0-9A-Za-z]{1,20})[$!]/.exec(value) ?? [];
      const bytes = parseMemory(length);
      if (bytes !== null) others.push({ word, bytes });
    }
  }
  if (early > 0) pages.set(defaultPageBytes, (pages.get(defaultPageBytes) ?? 0) + early);
  return { pages, defaultPageBytes, others, crashBytes, limitBytes };
}

function splitOnce(word: string): readonly [string, string] {
  const at = word.indexOf("=");
  return at === -1 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
}

/** `64`, or by node: `0:32,1:32`. */
function pageCount(value: string): number {
  const counts = value.split(",", 64).map((part) => /^(?:\d{1,4}:)?(\d{1,12})$/.exec(part)?.[1] ?? "0");
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

/** kdump.rst: `256M`, `256M@16M`, `256M,high`, or by the machine's memory: `1G-4G:192M,4G-:256M`. */
function crashSize(value: string, memoryBytes: number): number {
  if (value.includes(":")) {
    for (const part of value.split(",", 64)) {
      const [, from = "", to = "", size = ""] =
        /^([0-9A-Za-z]{1,20})-([0-9A-Za-z]{0,20}):([0-9A-Za-z]{1,20})/.exec(part) ?? [];
      const [low, high] = [parseMemory(from), to === "" ? Infinity : parseMemory(to)];
      if (low !== null && high !== null && low <= memoryBytes && memoryBytes < high)
        return parseMemory(size) ?? 0;
    }
    return 0;
  }
  return parseMemory(/^[0-9A-Za-z]{1,20}/.exec(value)?.[0] ?? "") ?? 0;
}

export type PageWrite = { readonly pageBytes: number; readonly count: number };

/**
 * Huge pages that a script, a unit or tmpfiles.d(5) asks for at boot, by writing into /sys; of each node of the machine by
 * itself.
 */
export function readPageWrites(text: string): readonly PageWrite[] {
  const found: PageWrite[] = [];
  for (const line of text.split("\n", 10_000)) {
    const [, kib = ""] =
      /^[^#]{0,500}\/sys\/[^\s#]{0,200}hugepages-(\d{1,9})kB\/nr_hugepages(?![^\s"';])/.exec(
        line.slice(0, 2000),
      ) ?? [];
    if (kib === "") continue;
    const echoed = /\becho\s+["']?(\d{1,9})["']?\s*>/.exec(line)?.[1];
    const listed = /^\s*w\S*(?:\s+\S+){5}\s+(\d{1,9})\s*$/.exec(line)?.[1];
    const count = Number(echoed ?? listed ?? 0);
    if (count > 0) found.push({ pageBytes: Number(kib) * 1024, count });
  }
  return found;
}

/** The last assignment of each key counts; `/` and `.` are the same in keys (sysctl.d(5)). */
export function readSysctls(
  texts: readonly { path: string; text: string }[],
): ReadonlyMap<string, { readonly value: string; readonly path: string }> {
  const found = new Map<string, { value: string; path: string }>();
  for (const { path, text } of texts)
    for (const line of text.split("\n", 10_000)) {
      const [, key = "", value = ""] =
        /^[ \t]*-?([A-Za-z0-9_./-]{1,100}?)[ \t]*=[ \t]*([^\r\n]{0,200}?)[ \t\r]*$/.exec(
          line.slice(0, 1000),
        ) ?? [];
      if (key !== "") found.set(key.replaceAll("/", "."), { value, path });
    }
  return found;
}
