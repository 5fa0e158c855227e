// SPDX-License-Identifier: Apache-2.0
// Reads what /sys/block says of each device. It decides only which entries are disks; the graph is made elsewhere.
import type { NotKnown } from "../../../core/index.ts";
import { type Contents, readContents } from "./contents.ts";
import {
  devicePath,
  diskModel,
  isDiskName,
  parseDevno,
  parseVpd80,
  parseWwid,
  parseWwidSerial,
} from "./disk-names.ts";
import type { Sysroot } from "../sysroot.ts";
import { compareNames, parseCount, parseName } from "../text.ts";
import { type Properties, property, readProperties } from "./udev.ts";

const BLOCK = "/sys/block";
/** sysfs counts in these, whatever the disk's own sectors are (kernel: block/genhd.c). */
const UNIT = 512;
const MAX_UNITS = 2 ** 43;
const MAX_DEVICES = 16_384;
const MAX_LINKS = 1024;

export type BlockDevice = {
  /** The kernel's name: `sda`, `dm-0`. */
  readonly kname: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly model: string;
  readonly serial: string | null;
  /** `naa.6001405...`; null: it tells none. */
  readonly wwid: string | null;
  /** Kernel names of the devices below and above it. */
  readonly slaves: readonly string[];
  readonly holders: readonly string[];
  readonly partitions: readonly BlockPartition[];
  readonly contents: Contents;
  readonly driver: BlockDriver;
};

export type BlockDriver =
  | { readonly kind: "disk" }
  | { readonly kind: "dm"; readonly name: string; readonly uuid: string }
  | { readonly kind: "md"; readonly level: string; readonly uuid: string; readonly name: string }
  /** Only where a volume lies on it. */
  | { readonly kind: "loop"; readonly file: string | null };

export type BlockPartition = {
  readonly kname: string;
  readonly path: string;
  readonly number: number;
  /** null: not told. */
  readonly startBytes: number | null;
  readonly sizeBytes: number;
  readonly holders: readonly string[];
  readonly contents: Contents;
};

export type FoundDevices = {
  readonly devices: readonly BlockDevice[];
  readonly notKnown: readonly NotKnown[];
};

export async function readBlockDevices(
  sysroot: Sysroot,
  { signal }: { signal: AbortSignal },
): Promise<FoundDevices> {
  const all = await sysroot.list(BLOCK);
  if (all === null) return { devices: [], notKnown: [{ about: "storage", why: `there is no ${BLOCK}` }] };
  const notKnown: NotKnown[] = [];
  const devices: BlockDevice[] = [];
  const todo = all.filter(isDiskName).toSorted(compareNames);
  if (todo.length > MAX_DEVICES)
    notKnown.push({ about: "storage", why: `there are more than ${MAX_DEVICES} block devices` });
  const seen = new Set(todo);
  // Grows while it runs: devices below a volume belong to the picture, loop devices too.
  for (let index = 0; index < Math.min(todo.length, MAX_DEVICES); index += 1) {
    signal.throwIfAborted();
    const device = await readDevice(sysroot, todo[index] ?? "", { signal, notKnown });
    if (device === null) continue;
    devices.push(device);
    for (const slave of device.slaves)
      if (all.includes(slave) && !seen.has(slave)) {
        seen.add(slave);
        todo.push(slave);
      }
  }
  return { devices, notKnown };
}

type Call = { readonly signal: AbortSignal; readonly notKnown: NotKnown[] };

/** null: no medium, or a device that is hidden behind another one. */
async function readDevice(
  sysroot: Sysroot,
  kname: string,
  { signal, notKnown }: Call,
): Promise<BlockDevice | null> {
  const at = `${BLOCK}/${kname}`;
  const read = (name: string): Promise<string | null> => sysroot.text(`${at}/${name}`);
  if ((await read("hidden"))?.trim() === "1") return null;
  const driver = await readDriver(sysroot, kname);
  const path = driver.kind === "dm" && driver.name !== "" ? `/dev/mapper/${driver.name}` : devicePath(kname);
  const sizeBytes = await readSize(sysroot, at);
  if (sizeBytes === 0) return null;
  if (sizeBytes === null) {
    notKnown.push({ about: path, why: "its size is not told" });
    return null;
  }
  const logical = parseCount(await read("queue/logical_block_size"), { max: 65_536 });
  const isSector = logical !== null && logical >= UNIT && (logical & (logical - 1)) === 0;
  if (!isSector) notKnown.push({ about: path, why: "its sector size is not told; 512 bytes are assumed" });
  const properties = await readProperties(sysroot, { devno: parseDevno(await read("dev")), path });
  const partitions: BlockPartition[] = [];
  for (const name of (await readPartitionNames(sysroot, kname)).toSorted(compareNames)) {
    signal.throwIfAborted();
    const partition = await readPartition(sysroot, `${at}/${name}`, { signal, notKnown });
    if (partition !== null) partitions.push(partition);
  }
  return {
    kname,
    path,
    sizeBytes,
    sectorBytes: isSector ? logical : UNIT,
    model: diskModel(await read("device/vendor"), (await read("device/model")) ?? udevModel(properties)),
    serial: await readSerial(sysroot, at, properties),
    wwid: await readWwid(sysroot, at),
    slaves: await readLinks(sysroot, `${at}/slaves`),
    holders: await readLinks(sysroot, `${at}/holders`),
    partitions: partitions.toSorted((a, b) => a.number - b.number),
    contents: await readContents(sysroot, { path, properties }, { signal }),
    driver: driver.kind === "md" ? { ...driver, ...mdNames(properties, kname) } : driver,
  };
}

async function readSize(sysroot: Sysroot, at: string): Promise<number | null> {
  const units = parseCount(await sysroot.text(`${at}/size`), { max: MAX_UNITS });
  return units === null ? null : units * UNIT;
}

async function readLinks(sysroot: Sysroot, directory: string): Promise<readonly string[]> {
  const names = (await sysroot.list(directory)) ?? [];
  return names.slice(0, MAX_LINKS).toSorted(compareNames);
}

async function readDriver(sysroot: Sysroot, kname: string): Promise<BlockDriver> {
  const read = async (name: string): Promise<string> =>
    parseName(await sysroot.text(`${BLOCK}/${kname}/${name}`)) ?? "";
  if (kname.startsWith("dm-"))
    return { kind: "dm", name: await read("dm/name"), uuid: await read("dm/uuid") };
  if (kname.startsWith("md")) return { kind: "md", level: await read("md/level"), uuid: "", name: kname };
  if (kname.startsWith("loop"))
    return { kind: "loop", file: parseName(await sysroot.text(`${BLOCK}/${kname}/loop/backing_file`)) };
  return { kind: "disk" };
}

/** mdadm's own words, which udev keeps: `MD_DEVNAME=data`, `MD_UUID=...`. */
function mdNames(properties: Properties | null, kname: string): { uuid: string; name: string } {
  return {
    uuid: properties?.get("MD_UUID") ?? "",
    name: parseName(properties?.get("MD_DEVNAME") ?? null) ?? kname,
  };
}

function udevModel(properties: Properties | null): string | null {
  return properties === null ? null : property(properties, "ID_MODEL");
}

/** SCSI tells it of the device, NVMe of the namespace. */
export async function readWwid(sysroot: Sysroot, at: string): Promise<string | null> {
  return parseWwid((await sysroot.text(`${at}/device/wwid`)) ?? (await sysroot.text(`${at}/wwid`)));
}

/** The first place that tells one: NVMe and MMC, virtio, SCSI, then what udev and the kernel made of it. */
async function readSerial(
  sysroot: Sysroot,
  at: string,
  properties: Properties | null,
): Promise<string | null> {
  for (const name of ["device/serial", "serial"]) {
    const serial = parseName(await sysroot.text(`${at}/${name}`));
    if (serial !== null) return serial;
  }
  const page = await sysroot.bytes(`${at}/device/vpd_pg80`);
  const wwid = (await sysroot.text(`${at}/device/wwid`)) ?? "";
  return (
    (page === null ? null : parseVpd80(page)) ??
    parseName(properties?.get("ID_SERIAL_SHORT") ?? null) ??
    parseWwidSerial(wwid)
  );
}

/** Partitions are directories in the disk's own, which begin with its name. */
async function readPartitionNames(sysroot: Sysroot, kname: string): Promise<readonly string[]> {
  const names = (await sysroot.list(`${BLOCK}/${kname}`)) ?? [];
  return names.filter((name) => name.startsWith(kname) && /^p?\d{1,4}$/.test(name.slice(kname.length)));
}

async function readPartition(
  sysroot: Sysroot,
  at: string,
  { signal, notKnown }: Call,
): Promise<BlockPartition | null> {
  const kname = at.slice(at.lastIndexOf("/") + 1);
  const path = devicePath(kname);
  const number = parseCount(await sysroot.text(`${at}/partition`), { max: 65_535 });
  const sizeBytes = await readSize(sysroot, at);
  if (number === null || sizeBytes === null) {
    notKnown.push({ about: path, why: `its ${number === null ? "number" : "size"} is not told` });
    return null;
  }
  if (sizeBytes === 0) return null;
  const start = parseCount(await sysroot.text(`${at}/start`), { max: MAX_UNITS });
  const properties = await readProperties(sysroot, {
    devno: parseDevno(await sysroot.text(`${at}/dev`)),
    path,
  });
  return {
    kname,
    path,
    number,
    startBytes: start === null ? null : start * UNIT,
    sizeBytes,
    holders: await readLinks(sysroot, `${at}/holders`),
    contents: await readContents(sysroot, { path, properties }, { signal }),
  };
}
