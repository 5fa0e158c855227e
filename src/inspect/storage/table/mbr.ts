// SPDX-License-Identifier: Apache-2.0
// Reads MBR partition tables with their chain of logical partitions, numbered as Linux numbers them
// (block/partitions/msdos.c). A table may be hostile: the chain is bounded, and a loop in it is seen.
import { le, makeProblem, named, type Problem, struct, type ValuesOf } from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";
import type { TablePartition } from "./types.ts";

/** The sector of an MBR or of a link in the chain (EBR); the disk's id is an MBR's only. */
const SECTOR = struct({ diskId: le.u32(440), signature: le.u16(510) });
const SIGNATURE = 0xaa55;

/** One of the four entries that stand before the signature. Places are sectors; `start` counts from the sector itself. */
const ENTRY = struct({ flag: le.u8(0), type: le.u8(4), start: le.u32(8), sectors: le.u32(12) });
const ENTRIES = [446, 462, 478, 494];
const MAX_LOGICAL = 250;
const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);

type Entry = ValuesOf<typeof ENTRY>;

/** The four entries of an MBR or EBR sector, or null where it is none. */
function parseEntries(sector: Uint8Array): readonly Entry[] | null {
  if (sector.length < SECTOR.sizeBytes || SECTOR.read(sector).signature !== SIGNATURE) return null;
  return ENTRIES.map((at) => ENTRY.read(sector, at));
}

/** What sector 0 says. `none`: no signature, or a boot sector of a file system, which ends with the same signature. */
export type MbrKind =
  | { readonly kind: "none" }
  | { readonly kind: "mbr"; readonly empty: boolean }
  | { readonly kind: "protective"; readonly hybrid: boolean };

export function classifyMbr(sector: Uint8Array): MbrKind {
  const entries = parseEntries(sector);
  if (entries === null || entries.some(({ flag }) => flag !== 0 && flag !== 0x80)) return { kind: "none" };
  const used = entries.filter(({ type, sectors }) => type !== 0 && sectors > 0);
  if (used.some(({ type }) => type === 0xee))
    return { kind: "protective", hybrid: used.some(({ type }) => type !== 0xee) };
  return { kind: "mbr", empty: used.length === 0 };
}

export type MbrTable = {
  readonly id: string;
  readonly partitions: readonly TablePartition[];
  readonly problems: readonly Problem[];
};

/** Reads all partitions; `start` and `end` are bytes and may lie beyond the end of the disk. */
export async function readMbr(
  reader: Reader,
  { sectorBytes, title }: { sectorBytes: number; title: string },
): Promise<MbrTable> {
  const first = await reader.read(0, 512);
  const entries = parseEntries(first) ?? [];
  const id = first.length < SECTOR.sizeBytes ? "00000000" : hex(SECTOR.read(first).diskId, 8);
  const partitions: TablePartition[] = [];
  const problems: Problem[] = [];
  const make = (number: number, entry: Entry, baseSector: number): TablePartition => ({
    number,
    start: (baseSector + entry.start) * sectorBytes,
    end: (baseSector + entry.start + entry.sectors) * sectorBytes,
    type: hex(entry.type, 0),
    uuid: `${id}-${hex(number, 2)}`,
    name: null,
    bootable: entry.flag === 0x80,
    extended: EXTENDED.has(entry.type),
  });
  for (const [index, entry] of entries.entries())
    if (entry.type !== 0 && entry.sectors > 0) partitions.push(make(index + 1, entry, 0));
  let number = 5;
  for (const extended of entries.filter((entry) => EXTENDED.has(entry.type) && entry.sectors > 0)) {
    const chain = await readChain(reader, { extended, sectorBytes, title });
    problems.push(...chain.problems);
    for (const { entry, base } of chain.logical) {
      if (number - 5 >= MAX_LOGICAL) break;
      partitions.push(make(number, entry, base));
      number += 1;
    }
  }
  return { id, partitions, problems };
}

type Chain = {
  readonly logical: readonly { readonly entry: Entry; readonly base: number }[];
  readonly problems: readonly Problem[];
};

/** Each EBR names one logical partition (from itself) and the next EBR (from the first). */
async function readChain(
  reader: Reader,
  { extended, sectorBytes, title }: { extended: Entry; sectorBytes: number; title: string },
): Promise<Chain> {
  const logical: { entry: Entry; base: number }[] = [];
  const seen = new Set<number>();
  let at = extended.start;
  const broken = (what: string): Chain => ({
    logical,
    problems: [
      makeProblem("mbr-chain-broken", {
        about: named("disk", title),
        text: `${title}: the chain of logical partitions ${what} at sector ${at}`,
        advice: "Compare with sfdisk --list; partitions after that place are copied, but not looked into",
      }),
    ],
  });
  for (;;) {
    if (seen.has(at)) return broken("runs in a circle");
    if (seen.size >= MAX_LOGICAL) return broken(`has more than ${MAX_LOGICAL} links`);
    seen.add(at);
    const sector = await readExactly(reader, at * sectorBytes, 512);
    if (sector === null) return broken("leaves the disk");
    const entries = parseEntries(sector);
    if (entries === null) return seen.size === 1 ? { logical, problems: [] } : broken("ends in no table");
    for (const [index, entry] of entries.entries()) {
      if (entry.type === 0 || entry.sectors === 0 || EXTENDED.has(entry.type)) continue;
      // Linux believes the third and fourth entry only where they lie inside the extended partition.
      const end = at + entry.start + entry.sectors;
      const inside = at + entry.start >= extended.start && end <= extended.start + extended.sectors;
      if (index < 2 || inside) logical.push({ entry, base: at });
    }
    const next = entries.find((entry) => EXTENDED.has(entry.type) && entry.sectors > 0);
    if (next === undefined) return { logical, problems: [] };
    at = extended.start + next.start;
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
