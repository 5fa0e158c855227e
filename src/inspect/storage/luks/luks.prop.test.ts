// SPDX-License-Identifier: Apache-2.0
// LUKS headers are hostile input: whatever they say, what is opened lies in the volume, and what is not known is refused
// in words.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "../../../core/index.ts";
import { decryptingReader, whyNotReadable } from "./cipher.ts";
import { type LuksHeader, readLuksHeader } from "./header.ts";
import { candidates, isTypeable, parseVolumeKey } from "./open.ts";
import { bytesReader, type Reader } from "../reader.ts";

const UUID = "11111111-2222-4333-8444-555555555555";
const SIZE = 2 ** 20;

/** The volume with these bytes at its start, and at other places. */
const volume = (...parts: readonly (readonly [at: number, bytes: Uint8Array])[]): Reader => {
  const bytes = new Uint8Array(SIZE);
  for (const [at, part] of parts) bytes.set(part, at);
  return bytesReader(bytes);
};

function luks1({ cipher = "aes", mode = "xts-plain64", payload = 512 } = {}): Uint8Array {
  const bytes = Buffer.alloc(592);
  bytes.write("LUKS\xba\xbe\0\x01", "latin1");
  bytes.write(cipher, 8);
  bytes.write(mode, 40);
  bytes.writeUInt32BE(payload, 104);
  bytes.write(UUID, 168);
  return bytes;
}

function luks2(json: string, { at = 0, size = 0x4000 } = {}): Uint8Array {
  const bytes = Buffer.alloc(size);
  bytes.write(at === 0 ? "LUKS\xba\xbe" : "SKUL\xba\xbe", "latin1");
  bytes.writeUInt16BE(2, 6);
  bytes.writeBigUInt64BE(BigInt(size), 8);
  bytes.write("sha256", 72);
  bytes.write(UUID, 168);
  bytes.writeBigUInt64BE(BigInt(at), 256);
  bytes.write(json, 4096);
  createHash("sha256").update(bytes).digest().copy(bytes, 448);
  return bytes;
}

const SEGMENT = {
  type: "crypt",
  offset: "65536",
  size: "dynamic",
  iv_tweak: "0",
  encryption: "aes-xts-plain64",
  sector_size: 4096,
};
const json = (segments: object, config: object = {}): string => JSON.stringify({ segments, config });
const GOOD = json({ 0: SEGMENT });

const why = (header: LuksHeader | null): string =>
  header === null ? "none" : header.kind === "refused" ? header.why : "opened";

test("headers of both versions are read; of LUKS2 the second where the first is damaged", async () => {
  assert.deepEqual(await readLuksHeader(volume([0, luks1()])), {
    kind: "luks",
    uuid: UUID,
    version: 1,
    cipher: "aes-xts-plain64",
    sectorBytes: 512,
    payload: { start: 262_144, end: SIZE },
  });
  const second = {
    kind: "luks",
    uuid: UUID,
    version: 2,
    cipher: "aes-xts-plain64",
    sectorBytes: 4096,
    payload: { start: 65_536, end: SIZE },
  };
  assert.deepEqual(await readLuksHeader(volume([0, luks2(GOOD)])), second);
  const spoiled = luks2(GOOD);
  spoiled[5000] = 7;
  assert.deepEqual(await readLuksHeader(volume([0, spoiled], [0x4000, luks2(GOOD, { at: 0x4000 })])), second);
  assert.equal(why(await readLuksHeader(volume([0, spoiled]))), "both of its headers are damaged");
  assert.equal(await readLuksHeader(volume()), null);
});

test("what cannot be opened is refused with its reason", async () => {
  const of = async (text: string): Promise<string> => why(await readLuksHeader(volume([0, luks2(text)])));
  assert.match(await of(json({ 0: SEGMENT, 1: SEGMENT })), /2 segments/);
  assert.match(await of(json({})), /0 segments/);
  assert.match(await of(json({ 0: { ...SEGMENT, integrity: { type: "hmac(sha256)" } } })), /integrity/);
  assert.match(await of(json({ 0: { ...SEGMENT, iv_tweak: "8" } })), /counted from 0/);
  assert.match(await of(json({ 0: { ...SEGMENT, type: "linear" } })), /not known/);
  assert.match(await of(json({ 0: { ...SEGMENT, sector_size: 8192 } })), /not known/);
  assert.match(await of(json({ 0: { ...SEGMENT, offset: "0" } })), /begin at byte 0/);
  assert.match(await of(json({ 0: { ...SEGMENT, size: "99999999" } })), /not all there/);
  assert.match(
    await of(json({ 0: SEGMENT }, { requirements: { mandatory: ["online-reencrypt-v2"] } })),
    /being changed/,
  );
  assert.match(await of("[".repeat(9000)), /JSON/);
  assert.match(why(await readLuksHeader(volume([0, luks1({ payload: 0 })]))), /apart/);
  assert.match(why(await readLuksHeader(volume([0, luks1({ payload: 0xffffffff })]))), /begin at byte/);
  const strange = await readLuksHeader(volume([0, luks1({ cipher: "serpent" })]));
  assert.ok(strange?.kind === "luks");
  assert.match(whyNotReadable(strange) ?? "", /serpent-xts-plain64/);
});

test("any bytes behind the magic give a payload inside the volume, or a reason", async () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.constant(GOOD));
  const segment = fc.record({
    type: fc.constantFrom("crypt", "linear"),
    offset: fc.oneof(fc.nat().map(String), fc.string(), fc.maxSafeNat().map(String)),
    size: fc.oneof(fc.nat().map(String), fc.constant("dynamic")),
    iv_tweak: fc.constantFrom("0", "1", "x"),
    encryption: fc.string(),
    sector_size: fc.constantFrom(512, 4096, 0, -1, 1e9),
  });
  const headers = fc.oneof(
    text.map((one) => luks2(one.slice(0, 8000))),
    segment.map((one) => luks2(json({ 0: one }))),
    fc.uint8Array({ minLength: 584, maxLength: 584 }).map((tail) => {
      const bytes = luks1();
      bytes.set(tail, 8);
      return bytes;
    }),
    fc.record({ at: fc.nat(0x3fff), value: fc.nat(255) }).map(({ at, value }) => {
      const bytes = luks2(GOOD);
      bytes[at] = value;
      return bytes;
    }),
  );
  await fc.assert(
    fc.asyncProperty(headers, async (bytes) => {
      const header = await readLuksHeader(volume([0, bytes]));
      if (header?.kind !== "luks") return;
      const { start, end } = header.payload;
      assert.ok(start >= 4096 && start < end && end <= SIZE && (end - start) % header.sectorBytes === 0);
      assert.ok(start % 512 === 0);
    }),
    { numRuns: 300 },
  );
});

test("reads of the inside are of any offset and length, and never more than there is", async () => {
  const noise = createHash("shake256", { outputLength: 20_000 }).update("x").digest();
  const format = {
    version: 2,
    cipher: "aes-xts-plain64",
    sectorBytes: 4096,
    payload: { start: 512, end: 512 + 16_384 },
  } as const;
  const inside = decryptingReader(bytesReader(noise), format, new Secret(noise.subarray(0, 64)));
  const all = await inside.read(0, 16_384);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -5, max: 20_000 }), fc.nat(20_000), async (offset, length) => {
      const expected = offset < 0 ? new Uint8Array(0) : all.slice(offset, offset + length);
      assert.deepEqual(await inside.read(offset, length), expected);
    }),
  );
  assert.throws(() => decryptingReader(bytesReader(noise), format, new Secret(noise.subarray(0, 32 + 1))));
  assert.throws(() =>
    decryptingReader(bytesReader(noise), { ...format, cipher: "toString" }, new Secret(noise)),
  );
});

test("keys: a newline at the end may be none of it; what can be typed; what cryptsetup prints", () => {
  const secret = (text: string): Secret => new Secret(Buffer.from(text));
  const texts = (text: string) => candidates(secret(text)).map((one) => Buffer.from(one.reveal()).toString());
  assert.deepEqual(texts("a b\n"), ["a b", "a b\n"]);
  assert.deepEqual(texts("a\r\n"), ["a", "a\r", "a\r\n"]);
  assert.deepEqual(texts("ab"), ["ab"]);
  assert.deepEqual(texts("\n"), ["\n"]);
  assert.equal(isTypeable(secret("Aa0 ~!\\\"'")), true);
  assert.equal(isTypeable(secret("Übung")), false);
  assert.equal(isTypeable(secret("a\n")), false);
  assert.deepEqual(
    parseVolumeKey(
      "MK bits:       \t128\nMK dump:\t00 01 02 03 04 05 06 07 \n\t\t08 09 0a 0b 0c 0d 0e ff \n",
    ),
    Buffer.from("000102030405060708090a0b0c0d0eff", "hex"),
  );
  assert.equal(parseVolumeKey("MK bits: 256\nMK dump:\t00 01\n"), null);
  assert.equal(parseVolumeKey(""), null);
  assert.equal(JSON.stringify({ a: secret("x") }), '{"a":"(secret)"}');
});
