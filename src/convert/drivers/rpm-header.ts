// SPDX-License-Identifier: Apache-2.0
// The header of an .rpm (rpm: docs/manual/format_header.md): name, release, files, needs. Pure. It works without rpm(8),
// which few live systems have.
import { be, struct, type ValuesOf } from "../../core/index.ts";

export type RpmHeader = {
  readonly name: string;
  /** `2.6.18-128.el5`. */
  readonly version: string;
  readonly arch: string;
  /** Absolute. */
  readonly files: readonly string[];
  /** Names of packages and capabilities. */
  readonly needs: readonly string[];
  readonly provides: readonly string[];
};

const LEAD_BYTES = 96;
const LEAD = struct({ magic: be.u32(0) });
const LEAD_MAGIC = 0xedabeedb;
/** Before each of the two headers: how many entries, and how many bytes of data behind them. */
const INTRO = struct({ magic: be.u32(0), entries: be.u32(8), dataBytes: be.u32(12) });
const INTRO_MAGIC = 0x8eade801;
/** `offset` counts in the data. */
const ENTRY = struct({ tag: be.u32(0), type: be.u32(4), offset: be.u32(8), count: be.u32(12) });
const MAX_ENTRIES = 10_000;
/** Besides the data of both headers: lead, introductions and entries. */
export const INDEX_ROOM = 2 ** 20;
/** rpm's own limit is 256 MiB; a kernel's header has about 1 MiB. */
export const MAX_RPM_HEADER_BYTES = 32 * 2 ** 20;

const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  arch: 1022,
  oldFiles: 1027,
  provides: 1047,
  needs: 1049,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
} as const;

/** How an entry's data is written. */
const TYPE = { int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const;
const TEXT_TYPES: ReadonlySet<number> = new Set([TYPE.string, TYPE.stringArray, TYPE.i18nString]);

type Entry = Omit<ValuesOf<typeof ENTRY>, "tag">;

/** From a file's first bytes. RangeError if it is not an .rpm, cut off, or beyond every bound. */
export function parseRpm(bytes: Buffer): RpmHeader {
  if (bytes.length < LEAD_BYTES || LEAD.read(bytes).magic !== LEAD_MAGIC)
    throw new RangeError("It is not an .rpm");
  const signature = introAt(bytes, LEAD_BYTES);
  const signatureBytes = signature.entries * ENTRY.sizeBytes + signature.dataBytes;
  const at = LEAD_BYTES + INTRO.sizeBytes + Math.ceil(signatureBytes / 8) * 8;
  const header = introAt(bytes, at);
  const entriesAt = at + INTRO.sizeBytes;
  const entries = new Map<number, Entry>();
  for (let index = 0; index < header.entries; index += 1) {
    const entry = ENTRY.read(bytes, entriesAt + index * ENTRY.sizeBytes);
    entries.set(entry.tag, entry);
  }
  const start = entriesAt + header.entries * ENTRY.sizeBytes;
  const data = bytes.subarray(start, start + header.dataBytes);
  const texts = (tag: number): readonly string[] => textsOf(data, entries.get(tag));
  const first = (tag: number): string => texts(tag)[0] ?? "";
  const directories = texts(TAG.dirNames);
  const indexes = numbersOf(data, entries.get(TAG.dirIndexes));
  const files = texts(TAG.baseNames).map(
    (name, index) => `${directories[indexes[index] ?? -1] ?? ""}${name}`,
  );
  return {
    name: first(TAG.name),
    version: `${first(TAG.version)}-${first(TAG.release)}`,
    arch: first(TAG.arch),
    files: files.length > 0 ? files : texts(TAG.oldFiles),
    needs: texts(TAG.needs),
    provides: texts(TAG.provides),
  };
}

function introAt(bytes: Buffer, at: number): ValuesOf<typeof INTRO> {
  if (bytes.length < at + INTRO.sizeBytes) throw new RangeError("It is cut off");
  const intro = INTRO.read(bytes, at);
  const { magic, entries, dataBytes } = intro;
  if (magic !== INTRO_MAGIC) throw new RangeError("It has no header of an .rpm");
  if (entries > MAX_ENTRIES || dataBytes > MAX_RPM_HEADER_BYTES)
    throw new RangeError("Its header is out of all bounds");
  if (bytes.length < at + INTRO.sizeBytes + entries * ENTRY.sizeBytes + dataBytes)
    throw new RangeError("It is cut off");
  return intro;
}

/** Each ends with a zero. */
function textsOf(data: Buffer, entry: Entry | undefined): readonly string[] {
  if (entry === undefined || !TEXT_TYPES.has(entry.type)) return [];
  const texts: string[] = [];
  const count = entry.type === TYPE.string ? 1 : entry.count;
  for (let at = entry.offset; texts.length < count; ) {
    const end = data.indexOf(0, at);
    if (at >= data.length || end === -1) throw new RangeError("Its header is damaged");
    texts.push(data.toString("utf8", at, end));
    at = end + 1;
  }
  return texts;
}

function numbersOf(data: Buffer, entry: Entry | undefined): readonly number[] {
  if (entry?.type !== TYPE.int32) return [];
  if (entry.offset + entry.count * 4 > data.length) throw new RangeError("Its header is damaged");
  return Array.from({ length: entry.count }, (_, index) => data.readUInt32BE(entry.offset + index * 4));
}
