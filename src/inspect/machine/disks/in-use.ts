// SPDX-License-Identifier: Apache-2.0
// Which devices are in use: mounted, swapped to, below something that is, or part of a running volume.
import { parseMountTable, unescapeOctal } from "../../../system/index.ts";
import { devicePath, parseDevno } from "./disk-names.ts";
import { openSysroot, type Sysroot } from "../sysroot.ts";

const MAX_DEVICES = 100_000;

export type DeviceUse = {
  readonly kind: "mounted" | "swap";
  /** What is mounted, in the kernel's words: the device itself, or a volume or partition on it. */
  readonly device: string;
  /** Mount point; `swap`. */
  readonly where: string;
};

/**
 * By device, under both its path and its number (`/dev/sda1`, `8:1`). What a mounted volume lies on is in use too: with
 * `/dev/mapper/vg-root` also `/dev/sda2` and `/dev/sda`.
 */
export async function devicesInUse({
  sysroot = "/",
}: {
  sysroot?: string;
} = {}): Promise<ReadonlyMap<string, DeviceUse>> {
  return await readUses(await openSysroot(sysroot));
}

export async function readUses(sysroot: Sysroot): Promise<ReadonlyMap<string, DeviceUse>> {
  const mounts = parseMounts((await sysroot.text("/proc/self/mountinfo")) ?? "");
  const swaps = parseSwaps((await sysroot.text("/proc/swaps")) ?? "");
  const used = new Map<string, DeviceUse>();
  const todo: { readonly at: string | null; readonly use: DeviceUse }[] = [];
  for (const { names, ...use } of [...mounts, ...swaps])
    for (const name of names) {
      if (!used.has(name)) used.set(name, use);
      todo.push({ at: await findDevice(sysroot, name), use });
    }
  const seen = new Set<string>();
  for (let next = todo.shift(); next !== undefined && seen.size < MAX_DEVICES; next = todo.shift()) {
    const { at, use } = next;
    if (at === null || seen.has(at)) continue;
    seen.add(at);
    for (const key of await readNames(sysroot, at)) if (!used.has(key)) used.set(key, use);
    for (const below of await findBelow(sysroot, at)) todo.push({ at: below, use });
  }
  return used;
}

/** A part of a disk, or the disk, and what is built upon it: md, device-mapper. null: nothing runs on it. */
export async function findHolder(
  sysroot: Sysroot,
  devno: string,
): Promise<{ readonly part: string; readonly holder: string } | null> {
  const disk = await sysroot.find(`/sys/dev/block/${devno}`);
  if (disk === null) return null;
  const parts = ((await sysroot.list(disk)) ?? []).map((name) => `${disk}/${name}`);
  for (const at of [disk, ...parts]) {
    if (at !== disk && (await sysroot.find(`${at}/partition`)) === null) continue;
    const [holder] = (await sysroot.list(`${at}/holders`)) ?? [];
    if (holder !== undefined) return { part: pathOf(at), holder };
  }
  return null;
}

/** A use with the names of its device: number, path. */
type NamedUse = DeviceUse & { readonly names: readonly string[] };

/** File systems of several devices (btrfs) tell only the path of one. */
function parseMounts(mountinfo: string): readonly NamedUse[] {
  return mountinfo.split("\n").flatMap((line) => {
    const devno = parseDevno(line.split(" ", 3)[2] ?? null);
    const [entry] = parseMountTable(line);
    if (entry === undefined) return [];
    const { source, path } = entry;
    const names = [
      ...(devno === null || devno.startsWith("0:") ? [] : [devno]),
      ...(/^\/dev\/[^/]/.test(source) && source !== "/dev/root" ? [source] : []),
    ];
    return names.length === 0 ? [] : [{ kind: "mounted", device: source, where: path, names }];
  });
}

/** proc_swaps(5): a header, then `Filename Type ...`; a swap file's disk is mounted anyway. */
function parseSwaps(text: string): readonly NamedUse[] {
  const lines = text.split("\n").slice(1);
  return lines.flatMap((line) => {
    const [path = "", type] = line.split(/\s+/, 2);
    if (!path.startsWith("/dev/") || type !== "partition") return [];
    const device = unescapeOctal(path);
    return [{ kind: "swap", device, where: "swap", names: [device] }];
  });
}

/** The directory in sysfs of `8:1`, `/dev/sda1`, `/dev/mapper/vg-root`; null where sysfs does not know it. */
async function findDevice(sysroot: Sysroot, device: string): Promise<string | null> {
  if (!device.startsWith("/")) return await sysroot.find(`/sys/dev/block/${device}`);
  // Links of /dev are followed where there is a /dev: a recording has none.
  const path = (await sysroot.find(device)) ?? device;
  const name = path.slice("/dev/".length).replaceAll("/", "!");
  for (const directory of ["class/block", "block"]) {
    const at = await sysroot.find(`/sys/${directory}/${name}`);
    if (at !== null) return at;
  }
  for (const kname of (await sysroot.list("/sys/block")) ?? []) {
    const at = `/sys/block/${kname}`;
    if (name.startsWith(kname) && (await sysroot.find(`${at}/${name}`)) !== null)
      return await sysroot.find(`${at}/${name}`);
    if (kname.startsWith("dm-") && name.startsWith("mapper!"))
      if ((await sysroot.text(`${at}/dm/name`))?.trim() === name.slice("mapper!".length))
        return await sysroot.find(at);
  }
  return null;
}

async function readNames(sysroot: Sysroot, at: string): Promise<readonly string[]> {
  const names = [pathOf(at)];
  const dmName = (await sysroot.text(`${at}/dm/name`))?.trim() ?? "";
  if (dmName !== "") names.push(`/dev/mapper/${dmName}`);
  const devno = parseDevno(await sysroot.text(`${at}/dev`));
  return devno === null ? names : [...names, devno];
}

const pathOf = (at: string): string => devicePath(at.slice(at.lastIndexOf("/") + 1));

/** What a device lies on: its slaves, the disk of a partition, the other devices of its btrfs. */
async function findBelow(sysroot: Sysroot, at: string): Promise<readonly string[]> {
  const found: (string | null)[] = [];
  for (const slave of (await sysroot.list(`${at}/slaves`)) ?? [])
    found.push(await sysroot.find(`${at}/slaves/${slave}`));
  if ((await sysroot.find(`${at}/partition`)) !== null) found.push(await sysroot.find(`${at}/..`));
  const kname = at.slice(at.lastIndexOf("/") + 1);
  for (const uuid of (await sysroot.list("/sys/fs/btrfs")) ?? []) {
    const devices = `/sys/fs/btrfs/${uuid}/devices`;
    const names = (await sysroot.list(devices)) ?? [];
    if (names.includes(kname)) for (const name of names) found.push(await sysroot.find(`${devices}/${name}`));
  }
  return found.filter((path) => path !== null);
}
