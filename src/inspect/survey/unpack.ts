// SPDX-License-Identifier: Apache-2.0
// The collector's archive as entries, in memory and within bounds: it may come from a stranger.
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readTar, type TarEntry } from "./tar.ts";

/** What the collector gathers of the largest servers is a tenth of these. */
const MAX_BYTES = 256 * 2 ** 20;
const LIMITS = { entries: 50_000, fileBytes: 16 * 2 ** 20, pathChars: 1024 };

/** RangeError, with words for people, for what is damaged or beyond the bounds. */
export async function unpackSurvey(packed: Uint8Array): Promise<readonly TarEntry[]> {
  const bytes = packed[0] === 0x1f && packed[1] === 0x8b ? await inflate(packed) : packed;
  return readTar(bytes, LIMITS).filter(({ path }) => path !== "/");
}

async function inflate(packed: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    if (error instanceof RangeError)
      throw new RangeError(`more than ${MAX_BYTES} bytes are packed in it`, { cause: error });
    throw new RangeError("it cannot be unpacked; is it whole?", { cause: error }); // zlib's own errors
  }
}
