// SPDX-License-Identifier: Apache-2.0
// One disk of a machine of the matrix: its partition table, and file systems as the machine's administrator made them.
import { attachLoop, run } from "../../src/system/index.ts";
import { type Call, makeImage, MIB } from "./build.ts";

export type Part = {
  /** Without it: all that the parts before leave. */
  readonly sizeBytes?: number;
  /** `other`: what is made there is the machine's own affair. */
  readonly holds: "ext4" | "xfs" | "swap" | "fat" | "lvm" | "raid" | "other";
  /** Of what it holds; of a FAT the serial number, `E1A2B3C4`. */
  readonly uuid?: string;
  /** Where the installed system mounts it. */
  readonly at?: string;
};

export type Layout = {
  readonly label: "dos" | "gpt";
  readonly sizeBytes: number;
  readonly parts: readonly Part[];
};

export type Placed = Part & { readonly number: number; readonly start: number; readonly sizeBytes: number };

/** A file system for `installSystem`. */
export type Mounted = {
  readonly device: string;
  readonly at: string;
  readonly type: string;
  readonly options?: readonly string[];
};

export interface Disk extends AsyncDisposable {
  readonly image: string;
  /** A loop device over all of it; each partition has one of its own above that. */
  readonly path: string;
  readonly parts: readonly (Placed & { readonly device: string })[];
  readonly mounts: readonly Mounted[];
}

/** Parts follow each other from 1 MiB on; the last MiB stays free, for the second table of GPT. */
export function placeParts({ sizeBytes, parts }: Layout): readonly Placed[] {
  let start = MIB;
  return parts.map((part, index) => {
    const placed = {
      ...part,
      number: index + 1,
      start,
      sizeBytes: part.sizeBytes ?? sizeBytes - MIB - start,
    };
    start += placed.sizeBytes;
    return placed;
  });
}

/** sfdisk(8)'s names of types, which it knows for both kinds of table. */
const TYPES: Readonly<Partial<Record<Part["holds"], string>>> = { swap: "S", fat: "U", lvm: "V", raid: "R" };

function renderTable(layout: Layout): string {
  const lines = placeParts(layout).map(({ number, start, sizeBytes, holds }) => {
    const bootable = layout.label === "dos" && number === 1 ? ", bootable" : "";
    return `${number} : start=${start / 512}, size=${sizeBytes / 512}, type=${TYPES[holds] ?? "L"}${bootable}`;
  });
  return `label: ${layout.label}\nunit: sectors\n${lines.join("\n")}\n`;
}

/** Makes the image. */
export async function makeDisk(image: string, layout: Layout, { signal }: Call): Promise<Disk> {
  await makeImage(image, layout.sizeBytes);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", image], {
    input: renderTable(layout),
    signal,
  });
  await using scope = new AsyncDisposableStack();
  const whole = { offset: 0, sizeBytes: layout.sizeBytes, readOnly: false, signal };
  const { path } = scope.use(await attachLoop(image, whole));
  await run(["partx", "--add", path]);
  scope.defer(async () => void (await run(["partx", "--delete", path])));
  const parts = placeParts(layout).map((part) => ({ ...part, device: `${path}p${part.number}` }));
  for (const { device, holds, uuid } of parts) await format(device, { type: holds, uuid, signal });
  const mounts = parts.flatMap(({ device, holds, at }) =>
    at === undefined || holds === "fat" ? [] : [{ device, at, type: holds }],
  );
  const owned = scope.move();
  return { image, path, parts, mounts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export type Format = {
  readonly type: Part["holds"];
  readonly uuid?: string | undefined;
  /** Of ext4: fewer than the device has. */
  readonly sizeBytes?: number;
};

/** Nothing is discarded: a loop device would pass that on, and cost time. */
export async function format(
  device: string,
  { type, uuid, sizeBytes, signal }: Call & Format,
): Promise<void> {
  const given = (option: string): readonly string[] => (uuid === undefined ? [] : [option, uuid]);
  const argv = {
    ext4: ["mkfs.ext4", "-q", ...given("-U"), "-E", "lazy_itable_init=0,nodiscard"],
    xfs: ["mkfs.xfs", "-q", "-K", ...(uuid === undefined ? [] : ["-m", `uuid=${uuid}`])],
    swap: ["mkswap", ...given("-U")],
    fat: ["mkfs.vfat", "-F", "32", ...given("-i")],
    lvm: null,
    raid: null,
    other: null,
  }[type];
  const blocks = sizeBytes === undefined ? [] : [`${sizeBytes / 1024}k`];
  if (argv !== null) await run([...argv, device, ...blocks], { signal });
}
