// SPDX-License-Identifier: Apache-2.0
// Reads an array that is woven over its members. What a missing member of RAID 5 had is told by all others.
import { chunkPlaces, type Weave, weaveBytes } from "../../../core/index.ts";
import { partReader, type Reader } from "../reader.ts";

/** `members` are the member nodes, whole, in the weave's order; null as in the weave, which must be readable. */
export function weaveReader(weave: Weave, members: readonly (Reader | null)[]): Reader {
  const { chunkBytes, memberBytes } = weave;
  const data = weave.members.map((member, index) => {
    const reader = members[index] ?? null;
    return member === null || reader === null ? null : partReader(reader, member.start, memberBytes);
  });

  const readChunk = async (chunk: number, from: number, length: number): Promise<Uint8Array> => {
    const places = chunkPlaces(weave, chunk);
    for (const { member, row } of places) {
      const here = data[member] ?? null;
      if (here !== null) return await here.read(row * chunkBytes + from, length);
    }
    const [lost] = places;
    const others = data.filter((_, index) => index !== lost?.member);
    if (weave.level !== "raid5" || lost === undefined) throw new RangeError("A member too many is missing");
    const parts = await Promise.all(
      others.map(async (one) => (await one?.read(lost.row * chunkBytes + from, length)) ?? new Uint8Array()),
    );
    return exclusiveOr(parts, length);
  };

  const sizeBytes = weaveBytes(weave);
  return {
    sizeBytes,
    async read(offset, length) {
      if (!Number.isSafeInteger(offset) || offset < 0 || offset >= sizeBytes || length <= 0)
        return new Uint8Array();
      const bytes = new Uint8Array(Math.min(length, sizeBytes - offset));
      for (let done = 0; done < bytes.length; ) {
        const at = offset + done;
        const from = at % chunkBytes;
        const wanted = Math.min(chunkBytes - from, bytes.length - done);
        const part = await readChunk(Math.floor(at / chunkBytes), from, wanted);
        bytes.set(part, done);
        done += part.length;
        if (part.length < wanted) return bytes.subarray(0, done); // a member that is cut off
      }
      return bytes;
    },
  };
}

/** As long as the shortest of them. */
function exclusiveOr(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(Math.min(length, ...parts.map((part) => part.length)));
  for (const part of parts) for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) ^ (part[i] ?? 0);
  return out;
}
