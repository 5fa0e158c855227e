// SPDX-License-Identifier: Apache-2.0
// What a device holds: on the live machine by blkid's read-only probe, in a recording by what udev remembered.
import { access, constants } from "node:fs/promises";
import type { Holds } from "../../../core/index.ts";
import { isErrno, RunError, run } from "../../../system/index.ts";
import { contentHolds } from "../../storage/content.ts";
import type { Sysroot } from "../sysroot.ts";
import { type Properties, parseProperties, property } from "./udev.ts";

/** Properties in udev's names (`ID_FS_TYPE`, `ID_PART_TABLE_TYPE` ...), or why nobody could look. */
export type Contents =
  | { readonly kind: "looked"; readonly properties: Properties }
  | { readonly kind: "unknown"; readonly why: string };

/** blkid(8): 2 = nothing found, 8 = ambivalent. */
const ALLOWED = [2, 8];
/** A dying disk answers in its own time; the other disks are worth more than to wait for it. */
const PROBE_TIMEOUT_MS = 30_000;

type Device = { readonly path: string; readonly properties: Properties | null };

export async function readContents(
  sysroot: Sysroot,
  { path, properties }: Device,
  { signal }: { signal: AbortSignal },
): Promise<Contents> {
  const found = sysroot.live ? await probe(path, signal) : null;
  if (found?.kind === "looked") return found;
  if (properties !== null && [...properties.keys()].some((key) => /^ID_(FS|PART)_/.test(key)))
    return { kind: "looked", properties };
  return found ?? { kind: "unknown", why: "the recording does not say" };
}

async function probe(path: string, signal: AbortSignal): Promise<Contents> {
  try {
    await access(path, constants.R_OK);
    const { stdout, stderr } = await run(["blkid", "-p", "-o", "udev", "--", path], {
      signal,
      timeoutMs: PROBE_TIMEOUT_MS,
      allowCodes: ALLOWED,
      maxOutputBytes: 65_536,
    });
    // The code for `nothing found` is also that for `could not read`.
    const [, words] = /error: (.*)/.exec(stderr) ?? [];
    if (words !== undefined) return { kind: "unknown", why: words };
    return { kind: "looked", properties: parseProperties(stdout.split("\n")) };
  } catch (error) {
    signal.throwIfAborted();
    if (isErrno(error, "ENOENT")) return { kind: "unknown", why: `${path} is not there` };
    if (isErrno(error, "EACCES", "EPERM")) return { kind: "unknown", why: `only root can read ${path}` };
    if (error instanceof RunError)
      return { kind: "unknown", why: error.timedOut ? `${path} does not answer` : error.message };
    throw error;
  }
}

/** null: the device has a partition table, so what it holds are partitions. */
export function holdsOf(contents: Contents, partitionType: string | null): Holds | null {
  if (contents.kind === "unknown") return contents;
  const { properties } = contents;
  if (properties.has("ID_FS_AMBIVALENT")) return contentHolds({ kind: "ambiguous" }, partitionType);
  const type = property(properties, "ID_FS_TYPE");
  if (type === null)
    return tableOf(contents) === "none" ? contentHolds({ kind: "nothing" }, partitionType) : null;
  return contentHolds(
    {
      kind: "found",
      usage: property(properties, "ID_FS_USAGE") ?? "filesystem",
      type,
      version: property(properties, "ID_FS_VERSION"),
      uuid: property(properties, "ID_FS_UUID"),
      label: property(properties, "ID_FS_LABEL"),
    },
    partitionType,
  );
}

export function tableOf(contents: Contents): "gpt" | "mbr" | "none" | "unknown" {
  if (contents.kind === "unknown") return "unknown";
  const type = contents.properties.get("ID_PART_TABLE_TYPE");
  if (type === undefined) return "none";
  return type === "gpt" ? "gpt" : type === "dos" || type === "mbr" ? "mbr" : "unknown";
}

export type PartitionEntry = {
  readonly type: string;
  readonly uuid: string | null;
  readonly bootable: boolean | null;
};

/** Flags: 0x80 is an MBR's active partition; bit 2 of GPT's attributes is `legacy BIOS bootable` (UEFI 5.3.3). */
export function partitionOf(contents: Contents): PartitionEntry {
  const properties = contents.kind === "looked" ? contents.properties : new Map<string, string>();
  const type = properties.get("ID_PART_ENTRY_TYPE");
  const isGpt = type?.includes("-") === true;
  const flags = properties.get("ID_PART_ENTRY_FLAGS");
  const mask = isGpt ? 4n : 0x80n;
  const isFlags = flags !== undefined && /^0x[0-9a-fA-F]{1,16}$/.test(flags);
  return {
    type:
      type === undefined
        ? "unknown"
        : isGpt
          ? type.toUpperCase()
          : type.replace(/^0x0*(?=.)/, "").toLowerCase(),
    uuid: properties.get("ID_PART_ENTRY_UUID") ?? null,
    // blkid prints flags only where there are some.
    bootable: type === undefined ? null : isFlags && (BigInt(flags) & mask) !== 0n,
  };
}
