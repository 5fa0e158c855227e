// SPDX-License-Identifier: Apache-2.0
// A volume group as its metadata text says it: which extents of which physical volumes make which logical volume.
// Pure; only plain (linear and striped) volumes are mapped, of all others it is only known which extents they take.
import { normalizeRanges, type Range } from "../../../core/index.ts";
import {
  countOf,
  listOf,
  type LvmSection,
  LvmTextError,
  parseLvmText,
  sectionOf,
  sectionsIn,
  stringOf,
} from "./text.ts";

const SECTOR = 512;
/** More pieces than this are not worth it: a volume of so many stripes is copied whole. */
const MAX_PIECES = 65_536;

/** `length` bytes at `from` of the logical volume lie at `to` of the physical volume `pv` (a UUID). */
export type LvmPiece = {
  readonly pv: string;
  readonly from: number;
  readonly to: number;
  readonly length: number;
};

export type LogicalVolume = {
  readonly name: string;
  readonly uuid: string;
  readonly sizeBytes: number;
  /** Hidden ones are parts of others: pools, mirror legs. */
  readonly visible: boolean;
  /** In order, without gap; or why there are none: mirror, RAID, thin, cache ... */
  readonly pieces: readonly LvmPiece[] | { readonly why: string };
  /** Another volume needs its old contents (a snapshot's origin): what its file system calls free is not free. */
  readonly needed: boolean;
  /** UUIDs of all physical volumes below it, also through hidden volumes. */
  readonly pvs: readonly string[];
};

export type PhysicalVolume = {
  /** 32 characters, without dashes. */
  readonly uuid: string;
  /** The extents, in bytes of the physical volume. */
  readonly extents: Range;
  /** What logical volumes take of them. Normal; may be more than they really take, never less. */
  readonly taken: readonly Range[];
};

export type VolumeGroup = {
  readonly name: string;
  readonly uuid: string;
  readonly seqno: number;
  readonly pvs: readonly PhysicalVolume[];
  readonly volumes: readonly LogicalVolume[];
};

/** Throws LvmTextError where the text is not a volume group. */
export function parseVolumeGroup(text: string): VolumeGroup {
  const found = sectionsIn(parseLvmText(text)).find(
    ([, section]) => sectionOf(section, "physical_volumes") !== null,
  );
  if (found === undefined) throw new LvmTextError("There is no volume group in the text");
  const [name, section] = found;
  const extentBytes = need(countOf(section, "extent_size"), "extent_size") * SECTOR;
  if (extentBytes <= 0 || extentBytes > 2 ** 40) throw new LvmTextError(`Extents of ${extentBytes} bytes`);
  const pvs = new Map<string, Pv>();
  for (const [key, pv] of sectionsIn(sectionOf(section, "physical_volumes")))
    pvs.set(key, parsePv(pv, extentBytes));
  const lvs = new Map(sectionsIn(sectionOf(section, "logical_volumes")));
  const needed = neededNames(lvs);
  const context: Context = { extentBytes, pvs, lvs };
  const volumes = [...lvs].map(([key, lv]) =>
    parseVolume(lv, { ...context, name: key, needed: needed.has(key) }),
  );
  return {
    name,
    uuid: stringOf(section, "id") ?? "",
    seqno: countOf(section, "seqno") ?? 0,
    pvs: [...pvs.values()].map(({ uuid, extents, taken }) => ({
      uuid,
      extents,
      taken: normalizeRanges(taken),
    })),
    volumes,
  };
}

type Pv = {
  readonly uuid: string;
  readonly extents: Range;
  readonly extentCount: number;
  readonly taken: Range[];
};

type Context = {
  readonly extentBytes: number;
  readonly pvs: ReadonlyMap<string, Pv>;
  readonly lvs: ReadonlyMap<string, LvmSection>;
};

function parsePv(section: LvmSection, extentBytes: number): Pv {
  const start = need(countOf(section, "pe_start"), "pe_start") * SECTOR;
  const extentCount = need(countOf(section, "pe_count"), "pe_count");
  const end = start + extentCount * extentBytes;
  if (!Number.isSafeInteger(end)) throw new LvmTextError("A physical volume beyond all sizes");
  return { uuid: bareUuid(stringOf(section, "id") ?? ""), extents: { start, end }, extentCount, taken: [] };
}

/** LVM writes UUIDs with dashes in texts and without in labels. */
export function bareUuid(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** Every volume that a segment of another one names, in whatever way. */
function neededNames(lvs: ReadonlyMap<string, LvmSection>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, lv] of lvs)
    for (const [, segment] of sectionsIn(lv))
      for (const [, value] of segment)
        for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value])
          if (typeof item === "string" && lvs.has(item)) names.add(item);
  return names;
}

function parseVolume(
  lv: LvmSection,
  { name, needed, ...context }: Context & { name: string; needed: boolean },
): LogicalVolume {
  const segments = sectionsIn(lv).map(([, segment]) => segment);
  for (const segment of segments) take(segment, context);
  const extents = segments.reduce((sum, segment) => sum + (countOf(segment, "extent_count") ?? 0), 0);
  const sizeBytes = extents * context.extentBytes;
  if (!Number.isSafeInteger(sizeBytes)) throw new LvmTextError(`${name} is larger than any disk`);
  return {
    name,
    uuid: stringOf(lv, "id") ?? "",
    sizeBytes,
    visible: listOf(lv, "status").includes("VISIBLE"),
    pieces: piecesOf(segments, context),
    needed,
    pvs: [...pvsBelow(name, context)],
  };
}

/** Marks what a segment takes of physical volumes: exactly for striped ones, the most it could be for others. */
function take(segment: LvmSection, { extentBytes, pvs }: Context): void {
  const count = countOf(segment, "extent_count");
  const striped = stringOf(segment, "type") === "striped";
  const stripes = Math.max(1, countOf(segment, "stripe_count") ?? 1);
  for (const [, value] of segment) {
    const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    for (const [index, item] of items.entries()) {
      const pv = typeof item === "string" ? pvs.get(item) : undefined;
      if (pv === undefined) continue;
      const first = items[index + 1];
      if (count === null || typeof first !== "number" || !Number.isSafeInteger(first) || first < 0) {
        pv.taken.push(pv.extents); // named in a way that is not understood: all of it
        continue;
      }
      const start = pv.extents.start + first * extentBytes;
      const end = start + Math.ceil(striped ? count / stripes : count) * extentBytes;
      pv.taken.push({ start, end });
    }
  }
}

function piecesOf(
  segments: readonly LvmSection[],
  context: Context,
): readonly LvmPiece[] | { readonly why: string } {
  const sorted = segments.toSorted(
    (a, b) => (countOf(a, "start_extent") ?? 0) - (countOf(b, "start_extent") ?? 0),
  );
  const pieces: LvmPiece[] = [];
  let at = 0;
  for (const segment of sorted) {
    const type = stringOf(segment, "type") ?? "";
    if (type !== "striped" && type !== "linear")
      return { why: `it has a segment of type ${type.slice(0, 40)}` };
    const start = countOf(segment, "start_extent");
    const count = countOf(segment, "extent_count");
    if (start !== at || count === null || count === 0) return { why: "its segments have gaps" };
    const some = stripesOf(segment, { from: start, count, room: MAX_PIECES - pieces.length }, context);
    if ("why" in some) return some;
    pieces.push(...some);
    at += count;
  }
  return pieces.length === 0 ? { why: "it has no segments" } : pieces;
}

function stripesOf(
  segment: LvmSection,
  { from, count, room }: { from: number; count: number; room: number },
  { extentBytes, pvs }: Context,
): readonly LvmPiece[] | { readonly why: string } {
  const list = listOf(segment, "stripes");
  const stripeCount = list.length / 2;
  const stripeBytes =
    stripeCount === 1 ? count * extentBytes : (countOf(segment, "stripe_size") ?? 0) * SECTOR;
  const perStripe = count / stripeCount;
  if (stripeCount < 1 || countOf(segment, "stripe_count") !== stripeCount || !Number.isSafeInteger(perStripe))
    return { why: "its stripes cannot be understood" };
  const rows = (perStripe * extentBytes) / stripeBytes;
  if (!Number.isSafeInteger(rows) || rows < 1) return { why: "its stripes cannot be understood" };
  if (rows * stripeCount > room) return { why: `it lies in more than ${MAX_PIECES} pieces` };
  const starts: { readonly pv: string; readonly at: number }[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const pv = pvs.get(String(list[i]));
    const first = list[i + 1];
    if (pv === undefined) return { why: "it lies on another volume" };
    if (typeof first !== "number" || !(first >= 0) || first + perStripe > pv.extentCount)
      return { why: "it reaches beyond a physical volume" };
    starts.push({ pv: pv.uuid, at: pv.extents.start + first * extentBytes });
  }
  const pieces: LvmPiece[] = [];
  for (let row = 0; row < rows; row += 1)
    for (const [column, { pv, at }] of starts.entries())
      pieces.push({
        pv,
        from: from * extentBytes + (row * stripeCount + column) * stripeBytes,
        to: at + row * stripeBytes,
        length: stripeBytes,
      });
  return pieces;
}

/** Follows names of other volumes; each is visited once, so circles end. */
function pvsBelow(name: string, { pvs, lvs }: Context): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set([name]);
  const open = [name];
  for (let lv = open.pop(); lv !== undefined; lv = open.pop())
    for (const [, segment] of sectionsIn(lvs.get(lv) ?? null))
      for (const [, value] of segment)
        for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
          if (typeof item !== "string") continue;
          const pv = pvs.get(item);
          if (pv !== undefined) found.add(pv.uuid);
          else if (lvs.has(item) && !seen.has(item)) {
            seen.add(item);
            open.push(item);
          }
        }
  return found;
}

function need(value: number | null, name: string): number {
  if (value === null) throw new LvmTextError(`${name} is missing`);
  return value;
}
