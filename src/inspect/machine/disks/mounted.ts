// SPDX-License-Identifier: Apache-2.0
// Which devices are in use: mounted, swapped to, or below something that is.
import { parseMountTable } from "../../../system/index.ts";
import { devicePath, parseDevno } from "./disk-names.ts";
import { openSysroot, type Sysroot } from "../sysroot.ts";

const MAX_DEVICES = 100_000;

/**
 * Mount point by device, under both its path and its number (`/dev/sda1`, `8:1`); `swap` where it is swap. What a
 * mounted volume lies on is in use too: with `/dev/mapper/vg-root` also `/dev/sda2` and `/dev/sda`.
 */
export async function mountedDevices({
  sysroot = "/",
}: {
  sysroot?: string;
} = {}): Promise<ReadonlyMap<string, string>> {
  return await readMounted(await openSysroot(sysroot));
}

export async function readMounted(sysroot: Sysroot): Promise<ReadonlyMap<string, string>> {
  const mounts = parseMounts((await sysroot.text("/proc/self/mountinfo")) ?? "");
  const swaps = parseSwaps((await sysroot.text("/proc/swaps")) ?? "");
  const used = new Map<string, string>();
  const todo: { readonly at: string | null; readonly where: string }[] = [];
  for (const [device, where] of [...mounts, ...swaps.map((path) => [path, "swap"] as const)]) {
    if (!used.has(device)) used.set(device, where);
    todo.push({ at: await findDevice(sysroot, device), where });
  }
  const seen = new Set<string>();
  for (let next = todo.shift(); next !== undefined && seen.size < MAX_DEVICES; next = todo.shift()) {
    const { at, where } = next;
    if (at === null || seen.has(at)) continue;
    seen.add(at);
    for (const key of await readNames(sysroot, at)) if (!used.has(key)) used.set(key, where);
    for (const below of await findBelow(sysroot, at)) todo.push({ at: below, where });
  }
  return used;
}

/** [device number or path, mount point]. File systems of several devices (btrfs) tell only the path of one. */
function parseMounts(mountinfo: string): readonly (readonly [device: string, where: string])[] {
  const found = new Map<string, string>();
  for (const line of mountinfo.split("\n")) {
    const devno = parseDevno(line.split(" ", 3)[2] ?? null);
    const [entry] = parseMountTable(line);
    if (entry === undefined) continue;
    const { source, path } = entry;
    if (devno !== null && !devno.startsWith("0:") && !found.has(devno)) found.set(devno, path);
    if (/^\/dev\/[^/]/.test(source) && source !== "/dev/root" && !found.has(source)) found.set(source, path);
  }
  return [...found];
}

/** proc_swaps(5): a header, then `Filename Type ...`; a swap file's disk is mounted anyway. */
function parseSwaps(text: string): readonly string[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/, 2))
    .filter(([path = "", type]) => path.startsWith("/dev/") && type === "partition")
    .map(([path = ""]) => path);
}

/** The directory in sysfs of `8:1`, `/dev/sda1`, `/dev/mapper/vg-root`; null where sysfs does not know it. */
async function findDevice(sysroot: Sysroot, device: string): Promise<string | null> {
  if (!device.startsWith("/")) return await sysroot.find(`/sys/dev/block/${device}`);
  const name = device.slice("/dev/".length).replaceAll("/", "!");
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
  const names = [devicePath(at.slice(at.lastIndexOf("/") + 1))];
  const dmName = (await sysroot.text(`${at}/dm/name`))?.trim() ?? "";
  if (dmName !== "") names.push(`/dev/mapper/${dmName}`);
  const devno = parseDevno(await sysroot.text(`${at}/dev`));
  return devno === null ? names : [...names, devno];
}

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
