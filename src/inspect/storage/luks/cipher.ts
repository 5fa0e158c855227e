// SPDX-License-Identifier: Apache-2.0
// The inside of a LUKS volume, decrypted while it is read.
import type { CryptFormat, Secret } from "../../../core/index.ts";
import { isKnownCipher, sectorCipher } from "../../../system/index.ts";
import { MAX_READ_BYTES, type Reader } from "../reader.ts";

/** null: it can be read here. */
export function whyNotReadable({ cipher }: CryptFormat): string | null {
  return isKnownCipher(cipher) ? null : `its cipher ${JSON.stringify(cipher)} is not known here`;
}

/** The payload of a LUKS volume. TypeError: a cipher that `whyNotReadable` tells, or a key of another length. */
export function decryptingReader(whole: Reader, format: CryptFormat, volumeKey: Secret): Reader {
  const { sectorBytes, payload } = format;
  const cipher = sectorCipher(format.cipher, { key: volumeKey.reveal(), sectorBytes });
  const sizeBytes = payload.end - payload.start;
  return {
    sizeBytes,
    async read(offset, length) {
      if (length > MAX_READ_BYTES) throw new RangeError(`A read of ${length} bytes`);
      if (!Number.isSafeInteger(offset) || offset < 0 || offset >= sizeBytes || length <= 0)
        return new Uint8Array(0);
      const end = Math.min(sizeBytes, offset + length);
      const first = offset - (offset % sectorBytes);
      const last = Math.min(sizeBytes, Math.ceil(end / sectorBytes) * sectorBytes);
      const out = new Uint8Array(end - offset);
      const step = MAX_READ_BYTES / 2;
      for (let at = first; at < last; at += step) {
        const part = await whole.read(payload.start + at, Math.min(step, last - at));
        const clear = cipher.decrypt(part.subarray(0, part.length - (part.length % sectorBytes)), at);
        const from = Math.max(offset, at);
        const until = Math.min(end, at + clear.length);
        if (until <= from) return out.subarray(0, Math.max(0, from - offset));
        out.set(clear.subarray(from - at, until - at), from - offset);
        if (clear.length < Math.min(step, last - at)) return out.subarray(0, until - offset);
      }
      return out;
    },
  };
}
