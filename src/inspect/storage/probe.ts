// SPDX-License-Identifier: Apache-2.0
// What a range of bytes holds, by content: blkid's low-level probe. It needs no device and trusts no cache.
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../system/index.ts";
import type { Reader } from "./reader.ts";

export type Content =
  | { readonly kind: "nothing" }
  /** Several signatures of equal weight: an earlier use of the disk shows through. */
  | { readonly kind: "ambiguous"; readonly types?: readonly string[] }
  | {
      readonly kind: "found";
      /** `filesystem`, `raid`, `crypto` or `other`. */
      readonly usage: string;
      /** blkid's names: `ext4`, `LVM2_member`, `swap` ... */
      readonly type: string;
      readonly version: string | null;
      readonly uuid: string | null;
      readonly label: string | null;
      /** LOGUUID: of the XFS that the log belongs to. */
      readonly logUuid?: string;
    };

/** blkid(8): 2 = nothing found, 8 = ambivalent. */
const NOTHING = 2;
const AMBIVALENT = 8;

export type ProbeOptions = { readonly signal: AbortSignal };

/** Probes [offset, offset + sizeBytes) of a device or file. */
export async function probeRange(
  path: string,
  range: { readonly offset: number; readonly sizeBytes: number },
  { signal }: ProbeOptions,
): Promise<Content> {
  const place = ["-O", `${range.offset}`, "-S", `${range.sizeBytes}`];
  const { code, stdout } = await run(["blkid", "-p", "-o", "export", ...place, "--", path], {
    signal,
    timeoutMs: 60_000,
    allowCodes: [NOTHING, AMBIVALENT],
    maxOutputBytes: 65_536,
  });
  if (code === AMBIVALENT) return { kind: "ambiguous", types: await typesAt(path, place, { signal }) };
  return code === NOTHING ? { kind: "nothing" } : parseBlkid(stdout);
}

/** Kinds that are found together: an earlier use of a partition shows through. */
const OFTEN: readonly string[] = [
  "ext2,ext3,ext4",
  "xfs",
  "btrfs",
  "vfat",
  "ntfs",
  "swap",
  "zfs_member",
  "linux_raid_member",
  "LVM2_member",
  "crypto_LUKS",
];

async function typesAt(
  path: string,
  place: readonly string[],
  { signal }: ProbeOptions,
): Promise<readonly string[]> {
  const types: string[] = [];
  for (const one of OFTEN) {
    const argv = ["blkid", "-p", "-n", one, "-o", "export", ...place, "--", path];
    const { stdout } = await run(argv, { signal, timeoutMs: 60_000, allowCodes: [NOTHING, AMBIVALENT] });
    const found = parseBlkid(stdout);
    if (found.kind === "found") types.push(found.type);
  }
  return types;
}

/** Signatures lie in the first 100 KiB of a volume, those of RAID members and ZFS in the last 512 KiB. */
const EDGE_BYTES = 2 ** 20;

/** Probes a volume that lies in pieces: its first and last MiB, put at their places in a sparse file. */
export async function probeReader(reader: Reader, { signal }: ProbeOptions): Promise<Content> {
  const directory = await mkdtemp(join(tmpdir(), "p2v-probe-"));
  try {
    const path = join(directory, "volume");
    const file = await open(path, "wx", 0o600);
    try {
      await file.truncate(reader.sizeBytes);
      for (const offset of [0, Math.max(0, reader.sizeBytes - EDGE_BYTES)]) {
        const bytes = await reader.read(offset, EDGE_BYTES);
        await file.write(bytes, 0, bytes.length, offset);
      }
    } finally {
      await file.close();
    }
    return await probeRange(path, { offset: 0, sizeBytes: reader.sizeBytes }, { signal });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** `KEY=value` lines of `blkid -o export`; a value's special characters have a backslash before them. */
export function parseBlkid(text: string): Content {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const cut = line.indexOf("=");
    if (cut > 0) values.set(line.slice(0, cut), unescape(line.slice(cut + 1)));
  }
  const type = values.get("TYPE");
  if (type === undefined) return { kind: "nothing" };
  return {
    kind: "found",
    usage: values.get("USAGE") ?? "other",
    type,
    version: values.get("VERSION") ?? null,
    uuid: values.get("UUID") ?? null,
    label: values.get("LABEL") ?? null,
    ...(values.has("LOGUUID") ? { logUuid: values.get("LOGUUID") ?? "" } : {}),
  };
}

function unescape(value: string): string {
  return value.replace(/\\(.)/gs, "$1");
}
