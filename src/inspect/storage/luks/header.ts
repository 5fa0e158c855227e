// SPDX-License-Identifier: Apache-2.0
// LUKS headers: where the encrypted bytes lie and by what cipher (LUKS1 On-Disk Format 1.2.3; LUKS2 On-Disk Format 1.1.1).
// Both are untrusted; whether the key fits is cryptsetup's to say.
import { createHash } from "node:crypto";
import { z } from "zod";
import {
  be,
  type CryptFormat,
  LUKS1,
  LUKS1_BYTES,
  LUKS_MAGIC,
  struct,
  type ValuesOf,
} from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";

export type LuksHeader =
  | (CryptFormat & { readonly kind: "luks"; readonly uuid: string })
  /** It is LUKS, and cannot be opened here. */
  | { readonly kind: "refused"; readonly why: string };

/** Of the second header of LUKS2: `SKUL`, 0xba, 0xbe. */
const SECOND_MAGIC = Buffer.from("534b554cbabe", "hex");
const SECTOR = 512;

/** The binary header of LUKS2 (1.2); JSON follows. What all versions begin with is the same. */
const LUKS2 = struct({
  magic: be.raw(0, 6),
  version: be.u16(6),
  headerBytes: be.count64(8),
  checksumHash: be.text(72, 32),
  uuid: be.text(168, 40),
  ownOffset: be.count64(256),
  checksum: be.raw(448, 64),
});
const CHECKSUM = { start: 448, end: 512 };
const BINARY_BYTES = 4096;
/** Sizes of a LUKS2 header (binary and JSON): table 2 of the format. A second one follows the first. */
const HEADER_SIZES = [0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000];
/** Key slots of cryptsetup take 16 MiB; LUKS2 allows 128 MiB of them, and room behind. */
const MAX_PAYLOAD_OFFSET = 2 ** 30;

/** null: no LUKS header. */
export async function readLuksHeader(reader: Reader): Promise<LuksHeader | null> {
  const head = await readExactly(reader, 0, LUKS1_BYTES);
  if (head === null) return null;
  const found = LUKS1.read(head);
  const version = LUKS_MAGIC.equals(found.magic) ? found.version : null;
  if (version === 1) return parseLuks1(found, reader.sizeBytes);
  if (version !== null && version !== 2) return refused(`version ${version} of LUKS is not known`);
  const first = version === 2 ? await readLuks2(reader, 0) : null;
  if (first !== null) return first;
  for (const offset of HEADER_SIZES) {
    const second = await readLuks2(reader, offset);
    if (second !== null) return second;
  }
  return version === null ? null : refused("both of its headers are damaged");
}

const refused = (why: string): LuksHeader => ({ kind: "refused", why });

/** Pure. */
function parseLuks1(header: ValuesOf<typeof LUKS1>, sizeBytes: number): LuksHeader {
  const cipher = `${header.cipherName}-${header.cipherMode}`;
  const start = header.payloadStart * SECTOR;
  if (start === 0) return refused("its header lies apart from it");
  const { uuid } = header;
  return checked({ version: 1, cipher, sectorBytes: SECTOR, start, end: sizeBytes }, { uuid, sizeBytes });
}

/** null: no header there, or it does not fit its checksum. */
async function readLuks2(reader: Reader, offset: number): Promise<LuksHeader | null> {
  const binary = await readExactly(reader, offset, BINARY_BYTES);
  if (binary === null) return null;
  const { magic, version, headerBytes, ownOffset } = LUKS2.read(binary);
  if (!(offset === 0 ? LUKS_MAGIC : SECOND_MAGIC).equals(magic) || version !== 2 || ownOffset !== offset)
    return null;
  const size = HEADER_SIZES.find((bytes) => bytes === headerBytes);
  if (size === undefined) return null;
  const whole = await readExactly(reader, offset, size);
  if (whole === null || !fitsChecksum(whole)) return null;
  return parseLuks2(whole, reader.sizeBytes);
}

/** Over binary header and JSON, with the checksum's own field taken for zero. */
function fitsChecksum(whole: Uint8Array): boolean {
  const { checksumHash, checksum } = LUKS2.read(whole);
  if (!/^sha(1|256|512)$/.test(checksumHash)) return false;
  const hash = createHash(checksumHash).update(whole.subarray(0, CHECKSUM.start));
  hash.update(new Uint8Array(checksum.length)).update(whole.subarray(CHECKSUM.end));
  const digest = hash.digest();
  return digest.equals(checksum.subarray(0, digest.length));
}

/** Numbers above 32 bits are decimal texts in LUKS2's JSON. */
const decimal = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

const SEGMENT = z.object({
  type: z.literal("crypt"),
  offset: decimal,
  size: z.union([z.literal("dynamic"), decimal]),
  iv_tweak: decimal,
  encryption: z.string().max(100),
  sector_size: z.literal([512, 1024, 2048, 4096]),
  integrity: z.unknown().optional(),
  flags: z.array(z.string()).max(100).optional(),
});

const METADATA = z.object({
  segments: z.record(z.string().max(20), z.unknown()),
  config: z.object({
    requirements: z.object({ mandatory: z.array(z.string().max(100)).max(100).optional() }).optional(),
  }),
});

/** Pure. `whole`: the binary header and the JSON behind it, whose checksum was right. */
function parseLuks2(whole: Uint8Array, sizeBytes: number): LuksHeader {
  const { uuid } = LUKS2.read(whole);
  const metadata = METADATA.safeParse(parseJson(Buffer.from(whole.subarray(BINARY_BYTES)).toString("utf8")));
  if (!metadata.success) return refused("its header's JSON is not as it should be");
  const { segments, config } = metadata.data;
  const [wanted] = config.requirements?.mandatory ?? [];
  if (wanted !== undefined)
    return refused(
      wanted.includes("reencrypt") ? "its encryption is being changed" : `it needs ${JSON.stringify(wanted)}`,
    );
  const [only, ...more] = Object.values(segments);
  if (only === undefined || more.length > 0)
    return refused(`it is made of ${Object.keys(segments).length} segments`);
  const segment = SEGMENT.safeParse(only);
  if (!segment.success) return refused("its segment is of a kind that is not known");
  const { data } = segment;
  if (data.integrity !== undefined) return refused("it keeps a checksum of each sector (integrity)");
  if (data.iv_tweak !== 0) return refused("its sectors are not counted from 0");
  const end = data.size === "dynamic" ? sizeBytes : data.offset + data.size;
  const { encryption: cipher, sector_size: sectorBytes, offset: start } = data;
  return checked({ version: 2, cipher, sectorBytes, start, end }, { uuid, sizeBytes });
}

/** undefined: no JSON. It ends at the first zero byte. */
function parseJson(text: string): unknown {
  const end = text.indexOf("\0");
  try {
    return JSON.parse(end < 0 ? text : text.slice(0, end));
  } catch {
    return undefined;
  }
}

type Found = Omit<CryptFormat, "payload"> & { readonly start: number; readonly end: number };

/** What dm-crypt asks for too: a payload of whole sectors inside the volume. */
function checked(
  { version, cipher, sectorBytes, start, end }: Found,
  { uuid, sizeBytes }: { readonly uuid: string; readonly sizeBytes: number },
): LuksHeader {
  const whole = end - ((end - start) % sectorBytes);
  if (start % SECTOR !== 0 || start < BINARY_BYTES || start > MAX_PAYLOAD_OFFSET)
    return refused(`its data begin at byte ${start}`);
  if (end > sizeBytes || whole <= start) return refused("it is not all there");
  if (!/^[0-9A-Za-z-]{1,40}$/.test(uuid)) return refused("it has no UUID");
  return { kind: "luks", uuid, version, cipher, sectorBytes, payload: { start, end: whole } };
}
