// SPDX-License-Identifier: Apache-2.0
// Signatures of firmware RAID on a whole disk, of all kinds that libblkid knows, and what they say.
import type { Range } from "../../../core/index.ts";
import { run } from "../../../system/index.ts";
import type { Reader } from "../reader.ts";
import { readDdf } from "./ddf.ts";
import { readImsm } from "./imsm.ts";
import type { RaidMetadata } from "./metadata.ts";

export type FoundRaid = {
  /** libblkid's name: `isw_raid_member`. */
  readonly type: string;
  readonly metadata: RaidMetadata;
  /** Bytes by which it is known; normal. */
  readonly signatures: readonly Range[];
};

/** By libblkid's names. Members of Linux's own RAID are no matter of the firmware. */
const TITLES: Readonly<Record<string, string>> = {
  isw_raid_member: "Intel RAID",
  ddf_raid_member: "RAID of the DDF kind",
  adaptec_raid_member: "Adaptec RAID",
  lsi_mega_raid_member: "LSI MegaRAID",
  promise_fasttrack_raid_member: "Promise FastTrak RAID",
  nvidia_raid_member: "NVIDIA RAID",
  via_raid_member: "VIA RAID",
  silicon_medley_raid_member: "Silicon Image RAID",
  hpt37x_raid_member: "HighPoint RAID",
  hpt45x_raid_member: "HighPoint RAID",
  jmicron_raid_member: "JMicron RAID",
};

/** null: none. */
export async function findFirmwareRaid(
  path: string,
  reader: Reader,
  { sectorBytes, signal }: { readonly sectorBytes: number; readonly signal: AbortSignal },
): Promise<FoundRaid | null> {
  const argv = ["wipefs", "--parsable", "--output", "OFFSET,LENGTH,TYPE", "--", path];
  const { stdout } = await run(argv, { signal, timeoutMs: 60_000, maxOutputBytes: 65_536 });
  const found = parseWipefs(stdout).filter(
    ({ type, start }) => Object.hasOwn(TITLES, type) && start < reader.sizeBytes,
  );
  const [first] = found;
  if (first === undefined) return null;
  const { type } = first;
  const read =
    type === "isw_raid_member"
      ? await readImsm(reader, sectorBytes)
      : type === "ddf_raid_member"
        ? await readDdf(reader)
        : null;
  const unknown = {
    title: TITLES[type] ?? type,
    family: null,
    generation: 0,
    diskCount: null,
    volumes: "unknown",
  } as const;
  return {
    type,
    metadata: read ?? unknown,
    signatures: found.map(({ start, end }) => ({ start, end })).toSorted((a, b) => a.start - b.start),
  };
}

/** Lines `0x7fffc00,32,isw_raid_member`. */
export function parseWipefs(text: string): readonly (Range & { readonly type: string })[] {
  return text.split("\n", 100).flatMap((line) => {
    const [, offset = "", length = "", type = ""] =
      /^(0x[0-9a-f]{1,13}),(\d{1,5}),([A-Za-z0-9_]{1,64})$/.exec(line) ?? [];
    const start = Number(offset);
    return type === "" ? [] : [{ type, start, end: start + Number(length) }];
  });
}
