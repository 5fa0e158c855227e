// SPDX-License-Identifier: Apache-2.0
// A file that is only looked at: whoever must change it reports when it is too large.
import type { GuestView } from "../../core/index.ts";

const MAX_BYTES = 4 * 2 ** 20;

/** One character for each byte; null: there is none, or it is larger than a person's file. */
export async function readQuietly(
  view: GuestView,
  path: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Promise<string | null> {
  const bytes = await view.read(path, { maxBytes }).catch((error: unknown) => {
    if (error instanceof RangeError) return null;
    throw error;
  });
  return bytes === null ? null : Buffer.from(bytes).toString("latin1");
}
