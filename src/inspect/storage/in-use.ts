// SPDX-License-Identifier: Apache-2.0
// Is a source disk in use? Mounts, swap, md, device-mapper and loop devices write behind our back.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type SourceDisk, UserError } from "../../core/index.ts";
import { deviceNumber, isErrno, readBounded, run } from "../../system/index.ts";
import { listSysfs } from "./sysfs.ts";

/** One use of a device, told by its number (`8:1`) or by its path, or both. */
export type Use = {
  readonly kind: "mounted" | "swap" | "held" | "loop";
  readonly device: string | null;
  readonly path: string;
  /** Mount point, holder, loop device. */
  readonly where: string;
};

/**
 * UserError `source-in-use` when a disk, a partition of it or a volume on it is mounted, swapped on, part of a running
 * array or volume group, or when an image is attached read-write as a loop device.
 */
export async function refuseMounted(disks: readonly SourceDisk[]): Promise<void> {
  for (const disk of disks) {
    const use = disk.kind === "device" ? await findDeviceUse(disk.path) : await findLoopUse(disk.path);
    if (use !== null) throw refusal(disk, use);
  }
}

function refusal(disk: SourceDisk, use: Use): UserError {
  const what: Record<Use["kind"], readonly [text: string, advice: string]> = {
    mounted: [`is mounted on ${use.where}`, `Unmount it: umount ${use.where}`],
    swap: ["is used as swap", `Switch it off: swapoff ${use.path}`],
    held: [
      `is part of ${use.where}`,
      `Stop it first: vgchange -an, mdadm --stop or cryptsetup close, as it is used`,
    ],
    loop: [`is attached as ${use.where}, writable`, `Detach it: losetup -d ${use.where}`],
  };
  const [text, advice] = what[use.kind];
  const on = use.path === disk.path ? disk.path : `${disk.path} (${use.path})`;
  return new UserError("source", "source-in-use", `${on} ${text}`, {
    advice: `${advice}; or boot the machine from the virt-p2v CD, where none of its disks is in use`,
  });
}

async function findDeviceUse(path: string): Promise<Use | null> {
  const family = await readFamily(deviceNumber((await stat(path)).rdev), path);
  const [holder] = family.holders;
  const uses = await readUses();
  const found = uses.find((use) => use.device !== null && family.devices.has(use.device));
  if (found !== undefined) return found;
  if (holder !== undefined) return { kind: "held", device: null, path: holder.of, where: holder.name };
  return await findLoopUse(path);
}

type Family = {
  readonly devices: ReadonlySet<string>;
  readonly holders: readonly { readonly of: string; readonly name: string }[];
};

/** A disk, its partitions, and all that is built upon them. */
async function readFamily(number: string, path: string): Promise<Family> {
  const devices = new Set<string>();
  const holders: { of: string; name: string }[] = [];
  const open = [{ number, path }];
  for (let device = open.pop(); device !== undefined && devices.size < 10_000; device = open.pop()) {
    if (devices.has(device.number)) continue;
    devices.add(device.number);
    const directory = join("/sys/dev/block", device.number);
    for (const name of await listSysfs(directory)) {
      if ((await readBounded(join(directory, name, "partition"))) === null) continue;
      const found = await readNumber(join(directory, name));
      if (found !== null) open.push({ number: found, path: `/dev/${name}` });
    }
    for (const name of await listSysfs(join(directory, "holders"))) {
      holders.push({ of: device.path, name });
      const found = await readNumber(join("/sys/class/block", name));
      if (found !== null) open.push({ number: found, path: `/dev/${name}` });
    }
  }
  return { devices, holders };
}

async function readNumber(directory: string): Promise<string | null> {
  return (await readBounded(join(directory, "dev")))?.toString("latin1").trim() ?? null;
}

async function readUses(): Promise<readonly Use[]> {
  const read = async (path: string): Promise<string> =>
    (await readBounded(path, { maxBytes: 16 * 2 ** 20 }))?.toString("utf8") ?? "";
  const uses = [
    ...parseMountinfo(await read("/proc/self/mountinfo")),
    ...parseSwaps(await read("/proc/swaps")),
  ];
  const known: Use[] = [];
  for (const use of uses) {
    known.push(use);
    // btrfs mounts show a number of no device, swap shows none: the path tells.
    const device = use.path.startsWith("/") ? await numberOf(use.path) : null;
    if (device !== null) known.push({ ...use, device });
  }
  return known;
}

async function numberOf(path: string): Promise<string | null> {
  try {
    const about = await stat(path);
    return about.isBlockDevice() ? deviceNumber(about.rdev) : null;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ESTALE", "EIO", "ENOTCONN")) return null;
    throw error;
  }
}

/** proc(5): `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`; blanks are written as \040. */
export function parseMountinfo(text: string): readonly Use[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const dash = fields.indexOf("-", 6);
    const [, , device, , where] = fields;
    if (dash < 0 || device === undefined || where === undefined) return [];
    return [
      { kind: "mounted" as const, device, path: unoctal(fields[dash + 2] ?? ""), where: unoctal(where) },
    ];
  });
}

/** /proc/swaps: a head, then `/dev/sda2 partition 8388604 0 -2`. */
export function parseSwaps(text: string): readonly Use[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [path, type] = line.split(/\s+/);
      if (path === undefined || type !== "partition") return [];
      return [{ kind: "swap" as const, device: null, path: unoctal(path), where: "swap" }];
    });
}

function unoctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** A writable loop device above a file or device, found by inode, whatever path it was attached by. */
async function findLoopUse(path: string): Promise<Use | null> {
  const { code, stdout } = await run(
    ["losetup", "--json", "--list", "--output", "NAME,RO", "--associated", path],
    {
      allowCodes: [1],
    },
  );
  const writable = code === 0 ? parseLosetup(stdout).find((loop) => !loop.readOnly) : undefined;
  return writable === undefined ? null : { kind: "loop", device: null, path, where: writable.name };
}

/** `losetup --json`: RO is a boolean, or "0" and "1" in older versions; no output when there is nothing. */
export function parseLosetup(text: string): readonly { name: string; readOnly: boolean }[] {
  if (text.trim() === "") return [];
  const { loopdevices } = JSON.parse(text) as {
    loopdevices?: readonly { name: string; ro: boolean | string | number }[];
  };
  return (loopdevices ?? []).map(({ name, ro }) => ({
    name,
    readOnly: ro === true || ro === 1 || ro === "1",
  }));
}
