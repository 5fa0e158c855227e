// SPDX-License-Identifier: Apache-2.0
// Which ranges of the disk an overlay store holds: there the view may differ from the source.
import { normalizeRanges, type Range, UserError } from "../core/index.ts";
import { run } from "../system/index.ts";

/** Longer lists mean an overlay so scattered that "everything" is the better answer. */
const MAX_MAP_BYTES = 32 * 2 ** 20;

/** The allocated ranges of a qcow2 store that no program has open, clipped to the disk. Normal. */
export async function readTouched(
  storePath: string,
  { sizeBytes, signal }: { sizeBytes: number; signal: AbortSignal },
): Promise<Range[]> {
  // Without its backing node, so that the source's own holes and data are not listed, nor even looked at.
  const image = { driver: "qcow2", backing: null, file: { driver: "file", filename: storePath } };
  const argv = ["qemu-img", "map", "--output=json", `json:${JSON.stringify(image)}`];
  try {
    const { stdout } = await run(argv, { signal, timeoutMs: 600_000, maxOutputBytes: MAX_MAP_BYTES });
    return parseMap(stdout, sizeBytes);
  } catch (error) {
    if (error instanceof RangeError) return [{ start: 0, end: sizeBytes }];
    throw error;
  }
}

/** Output of `qemu-img map --output=json` on the store alone: what is `present` there. UserError when it is no such list. */
export function parseMap(json: string, sizeBytes: number): Range[] {
  const list: unknown = JSON.parse(json);
  if (!Array.isArray(list)) throw mapChanged();
  const ranges: Range[] = [];
  for (const entry of list as readonly unknown[]) {
    if (typeof entry !== "object" || entry === null) throw mapChanged();
    const { start, length, present } = entry as Record<string, unknown>;
    if (typeof start !== "number" || typeof length !== "number" || typeof present !== "boolean")
      throw mapChanged();
    if (present) ranges.push({ start: Math.min(start, sizeBytes), end: Math.min(start + length, sizeBytes) });
  }
  return normalizeRanges(ranges);
}

/** `present` came with QEMU 6.1. Guessing here would mean copying stale bytes. */
function mapChanged(): UserError {
  return new UserError("qemu-img-unknown", "qemu-img map does not list what is present in an overlay", {
    advice: "Install qemu-utils of Debian 12 or newer (QEMU 6.1 or newer)",
  });
}
