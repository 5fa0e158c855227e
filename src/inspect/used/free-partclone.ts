// SPDX-License-Identifier: Apache-2.0
// Free blocks of NTFS by partclone's domain log (-D), which lists what is in use. It wants a device of its own and
// waits two seconds at start, so the file systems of Linux are read by our own parsers.
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { lastWords, UserError } from "../../core/index.ts";
import { attachLoop, readBounded, run, RunError } from "../../system/index.ts";
import { FreeRanges, type FreeSpace, unknownFree } from "./free.ts";

/**
 * Only what is proven: all unused bytes spoiled, every file whole, dirty volumes refused. Not so btrfs (one copy of
 * DUP metadata is missing), exFAT (dirty ones are not refused), F2FS (what was synced after the last checkpoint).
 */
const PROGRAMS: Readonly<Record<string, string>> = { ntfs: "partclone.ntfs" };

/** Boot sectors have copies at the end of the volume that the map omits. */
const TAIL_BYTES = 65_536;
const MAP_MS = 15 * 60_000;

export function hasPartclone(type: string): boolean {
  return type in PROGRAMS;
}

/** A part of a view that is one run of bytes. */
export type VolumePlace = { readonly path: string; readonly offset: number; readonly sizeBytes: number };

export async function readPartcloneFree(
  type: string,
  place: VolumePlace,
  { signal }: { readonly signal: AbortSignal },
): Promise<FreeSpace> {
  const program = PROGRAMS[type];
  if (program === undefined) return unknownFree(`the free space of ${type} is not known`);
  const directory = await mkdtemp(join(tmpdir(), "p2v-map-"));
  const log = join(directory, "log");
  try {
    await using loop = await attachLoop(place.path, { ...place, readOnly: true, signal });
    const map = join(directory, "map");
    const output = ["--output", map, "--logfile", log, "--quiet"];
    await run([program, "--domain", "--source", loop.path, ...output], { signal, timeoutMs: MAP_MS });
    const lines = createInterface({ input: createReadStream(map), crlfDelay: Number.POSITIVE_INFINITY });
    return await parseDomainLog(lines, place.sizeBytes);
  } catch (error) {
    if (error instanceof RunError)
      return unknownFree(`${program} does not read it: ${complaint(await readBounded(log))}`);
    if (error instanceof UserError && error.code === "program-missing")
      return unknownFree(`${program} is not installed`);
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What partclone's log says after its two lines of greeting. */
function complaint(log: Uint8Array | null): string {
  const lines = Buffer.from(log ?? [])
    .toString("utf8")
    .trim()
    .split(/[\n\r]+/)
    .slice(2);
  const words = lastWords(lines.join("\n"), { lines: 4, maxChars: 200 });
  return words === "" ? "no reason given" : words;
}

/**
 * The mapfile format of ddrescue: `0xPOS 0xSIZE STATUS`, where partclone writes `+` for blocks in use and `?` for
 * free ones. Bytes the log does not speak of are in use.
 */
export async function parseDomainLog(
  lines: AsyncIterable<string> | Iterable<string>,
  sizeBytes: number,
): Promise<FreeSpace> {
  const out = new FreeRanges();
  const last = Math.max(0, sizeBytes - TAIL_BYTES);
  let at = 0;
  let sawStatus = false;
  for await (const line of lines) {
    if (line.startsWith("#") || line.trim() === "") continue;
    const match = /^0x([0-9A-Fa-f]{1,16})\s+(?:0x([0-9A-Fa-f]{1,16})\s+)?([?+*/-])\s*$/.exec(line);
    if (match === null || (match[2] === undefined && sawStatus))
      return unknownFree("partclone's map is not valid");
    if (match[2] === undefined) {
      sawStatus = true; // the line `current_pos current_status` before the list
      continue;
    }
    const start = Number.parseInt(match[1] ?? "", 16);
    const end = start + Number.parseInt(match[2], 16);
    if (start !== at || !Number.isSafeInteger(end)) return unknownFree("partclone's map has gaps");
    if (match[3] === "?") out.add(start, Math.min(end, last));
    at = end;
  }
  if (at === 0 || at > sizeBytes) return unknownFree("partclone's map does not fit the volume");
  return { kind: "free", ranges: out.ranges() };
}
