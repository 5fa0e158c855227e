// SPDX-License-Identifier: Apache-2.0
// dm-crypt's ciphers by node:crypto, for where the kernel has none (kernel: Documentation/admin-guide/device-mapper/
// dm-crypt.rst, drivers/md/dm-crypt.c for the initial vectors).
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

const COUNTED_BYTES = 512;

type Sectors = {
  /** In bits, of the volume's key. */
  readonly keyBits: readonly number[];
  /** `bits` are those of AES. */
  readonly name: (keyBits: number) => string;
  /** The vector of the sector with this number. */
  readonly vectors: (key: Uint8Array) => (sector: number) => Uint8Array;
};

const XTS = { keyBits: [256, 512], name: (bits: number) => `aes-${bits / 2}-xts` };
const CBC = { keyBits: [128, 192, 256], name: (bits: number) => `aes-${bits}-cbc` };

const plain64 = () => (sector: number) => {
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(BigInt(sector));
  return vector;
};

/** The old one, which begins anew after 2 TiB. */
const plain = () => (sector: number) => {
  const vector = Buffer.alloc(16);
  vector.writeUInt32LE(sector % 2 ** 32);
  return vector;
};

/** The number, encrypted by a hash of the key. */
const essiv = (key: Uint8Array) => {
  const salt = createHash("sha256").update(key).digest();
  const number = plain64();
  return (sector: number) => createCipheriv("aes-256-ecb", salt, null).update(number(sector));
};

const CIPHERS: Readonly<Record<string, Sectors>> = {
  "aes-xts-plain64": { ...XTS, vectors: plain64 },
  "aes-xts-plain": { ...XTS, vectors: plain },
  "aes-cbc-essiv:sha256": { ...CBC, vectors: essiv },
  "aes-cbc-plain64": { ...CBC, vectors: plain64 },
  "aes-cbc-plain": { ...CBC, vectors: plain },
};

/** Bytes of whole sectors, of which the first lies at `offset` of the volume. */
export type SectorCipher = {
  encrypt(bytes: Uint8Array, offset: number): Uint8Array;
  decrypt(bytes: Uint8Array, offset: number): Uint8Array;
};

export function isKnownCipher(cipher: string): boolean {
  return Object.hasOwn(CIPHERS, cipher);
}

/** `cipher` as in a dm-crypt table. TypeError: it is not known, or has no key of this length. */
export function sectorCipher(
  cipher: string,
  { key, sectorBytes }: { readonly key: Uint8Array; readonly sectorBytes: number },
): SectorCipher {
  const sectors = isKnownCipher(cipher) ? CIPHERS[cipher] : undefined;
  if (sectors === undefined) throw new TypeError(`Cipher ${cipher}`);
  if (!sectors.keyBits.includes(key.length * 8))
    throw new TypeError(`${cipher} with a key of ${key.length} bytes`);
  const name = sectors.name(key.length * 8);
  const vector = sectors.vectors(key);
  const through =
    (make: typeof createCipheriv | typeof createDecipheriv) =>
    (bytes: Uint8Array, offset: number): Uint8Array => {
      const out = new Uint8Array(bytes.length);
      for (let at = 0; at + sectorBytes <= bytes.length; at += sectorBytes) {
        const one = make(name, key, vector((offset + at) / COUNTED_BYTES));
        one.setAutoPadding(false);
        out.set(one.update(bytes.subarray(at, at + sectorBytes)), at);
      }
      return out;
    };
  return { encrypt: through(createCipheriv), decrypt: through(createDecipheriv) };
}
