// SPDX-License-Identifier: Apache-2.0
// A LUKS1 header of our own around a volume key that is known already, for QEMU, which reads no LUKS2. It never touches a
// disk: it is put before the payload in a composed volume (LUKS1 On-Disk Format 1.2.3; layout as cryptsetup makes it).
import { LUKS1, LUKS1_SLOT, LUKS1_SLOTS, LUKS_MAGIC } from "../../core/index.ts";
import { createHash, pbkdf2Sync, randomBytes } from "node:crypto";
import { sectorCipher } from "../../system/index.ts";

/** Its eight key slots and the header itself fill so much. */
export const HEADER_BYTES = 2 * 2 ** 20;

const SECTOR = 512;
const SLOT_SECTORS = 504;
const FIRST_SLOT_SECTOR = 8;
const STRIPES = 4000;
const HASH = "sha256";
const DIGEST_BYTES = 20;
const SALT_BYTES = 32;
/** The least: what it guards against, guessing, does not happen to a random passphrase. */
const ITERATIONS = 1000;

/** `cipher` as in a dm-crypt table, with sectors of 512 bytes. */
export function makeLuks1Header(cipher: string, volumeKey: Uint8Array, passphrase: Uint8Array): Buffer {
  const cut = cipher.indexOf("-");
  const header = Buffer.alloc(HEADER_BYTES);
  const digestSalt = randomBytes(SALT_BYTES);
  LUKS1.write(header, {
    magic: LUKS_MAGIC,
    version: 1,
    cipherName: cipher.slice(0, cut),
    cipherMode: cipher.slice(cut + 1),
    hash: HASH,
    payloadStart: HEADER_BYTES / SECTOR,
    keyBytes: volumeKey.length,
    digest: pbkdf2Sync(volumeKey, digestSalt, ITERATIONS, DIGEST_BYTES, HASH),
    digestSalt,
    digestIterations: ITERATIONS,
    uuid: "00000000-0000-4000-8000-000000000000",
  });
  const salt = randomBytes(SALT_BYTES);
  for (let slot = 0; slot < LUKS1_SLOTS.count; slot += 1) {
    const used = { state: LUKS1_SLOTS.enabled, iterations: ITERATIONS, salt };
    LUKS1_SLOT.write(
      header,
      {
        ...(slot === 0 ? used : { state: LUKS1_SLOTS.disabled }),
        materialStart: FIRST_SLOT_SECTOR + slot * SLOT_SECTORS,
        stripes: STRIPES,
      },
      LUKS1_SLOTS.at + slot * LUKS1_SLOT.sizeBytes,
    );
  }
  const key = pbkdf2Sync(passphrase, salt, ITERATIONS, volumeKey.length, HASH);
  const material = Buffer.alloc(Math.ceil((volumeKey.length * STRIPES) / SECTOR) * SECTOR);
  splitKey(volumeKey).copy(material);
  header.set(
    sectorCipher(cipher, { key, sectorBytes: SECTOR }).encrypt(material, 0),
    FIRST_SLOT_SECTOR * SECTOR,
  );
  return header;
}

/** Anti-forensic splitting (section 2.4): the key can be had from all stripes together only. */
function splitKey(key: Uint8Array): Buffer {
  const random = randomBytes(key.length * (STRIPES - 1));
  let state: Uint8Array = new Uint8Array(key.length);
  for (let stripe = 0; stripe < STRIPES - 1; stripe += 1)
    state = diffused(xor(state, random.subarray(stripe * key.length, (stripe + 1) * key.length)));
  return Buffer.concat([random, xor(state, key)]);
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, index) => byte ^ (b[index] ?? 0));

function diffused(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0, block = 0; at < bytes.length; at += 32, block += 1) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(block);
    const part = bytes.subarray(at, at + 32);
    out.set(createHash(HASH).update(number).update(part).digest().subarray(0, part.length), at);
  }
  return out;
}
