// SPDX-License-Identifier: Apache-2.0
// Can all writes to a disk be seen in the kernel's block events, and in which? By sysfs; what is not known to be so is unclear.
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { SourceDisk } from "../core/index.ts";
import { deviceNumber, readBounded } from "../system/index.ts";
import type { TracedDisk } from "./account.ts";
import { type Unclear, unclear } from "./unclear.ts";

export type Traceable = TracedDisk & {
  readonly path: string;
  /** `8:0` of the disk itself. */
  readonly device: string;
  /** Requests are issued for it; else its bios are all there is to see. */
  readonly hasRequests: boolean;
  readonly sysfs: string;
};

/** What sysfs says of a disk. */
export type DiskFacts = {
  readonly name: string;
  readonly isPartition: boolean;
  readonly slaves: readonly string[];
  readonly holders: readonly string[];
  /** UUIDs of device-mapper above it and above its partitions. */
  readonly mappers: readonly string[];
  readonly hasRequests: boolean;
};

/** Drivers of disks; the names are those of /sys/block. */
const DISKS = /^(?:sd[a-z]+|hd[a-z]|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+|cciss!c\d+d\d+|loop\d+)$/u;
/** Their bios are all there is, and every one passes by: persistent memory, and NVMe with several paths in the kernel. */
const WITHOUT_REQUESTS = /^(?:nvme\d+n\d+|pmem\d+)$/u;

/** Pure. null: every write to it is an event. */
export function whyNotTraceable(facts: DiskFacts): Unclear | null {
  const { name, isPartition, slaves, holders, mappers, hasRequests } = facts;
  if (isPartition) return unclear("not-a-device", `${name} is a partition`);
  if (slaves.length > 0) return unclear("stacked", `${name} lies on ${slaves.join(", ")}`);
  if (mappers.some((uuid) => uuid.startsWith("mpath-")))
    return unclear("several-paths", `${name} belongs to a multipath device`);
  if (hasRequests ? !DISKS.test(name) : !WITHOUT_REQUESTS.test(name)) return unclear("driver", name);
  // md and linear mappings hand a bio on as it is, and the kernel reports it once, for the upper device.
  if (!hasRequests && holders.length > 0)
    return unclear("stacked", `${holders.join(", ")} lies on ${name}, which has no requests`);
  return null;
}

/** UserError never: a disk that is not to be traced is told as such. */
export async function findTraceable({
  number,
  path,
  kind,
  sizeBytes,
}: SourceDisk): Promise<Traceable | Unclear> {
  if (kind !== "device") return unclear("not-a-device", path);
  const device = deviceNumber((await stat(path)).rdev);
  const sysfs = await realpath(`/sys/dev/block/${device}`);
  const partitions = await partitionsOf(sysfs);
  const name = basename(sysfs);
  const holders = (await Promise.all([sysfs, ...partitions].map((at) => list(join(at, "holders"))))).flat();
  const mappers = await Promise.all(holders.map((one) => read(`/sys/block/${one}/dm/uuid`)));
  const hasRequests =
    (await list(join(sysfs, "mq"))).length > 0 || hasScheduler(await read(join(sysfs, "queue/scheduler")));
  const isPartition = (await read(join(sysfs, "partition"))) !== "";
  const slaves = await list(join(sysfs, "slaves"));
  const why = whyNotTraceable({ name, isPartition, slaves, holders, mappers, hasRequests });
  if (why !== null) return why;
  const devices = await devicesOf(sysfs);
  return { number, path, sizeBytes, device, sysfs, devices, hasRequests, onlyAsks: name.startsWith("vd") };
}

/** The disk's number and those of its partitions, in order. */
export async function devicesOf(sysfs: string): Promise<readonly string[]> {
  const found = await Promise.all([sysfs, ...(await partitionsOf(sysfs))].map((at) => read(join(at, "dev"))));
  return found.toSorted();
}

async function partitionsOf(sysfs: string): Promise<readonly string[]> {
  const names = await list(sysfs);
  const found = await Promise.all(
    names.map(async (name) =>
      (await read(join(sysfs, name, "partition"))) === "" ? null : join(sysfs, name),
    ),
  );
  return found.filter((one) => one !== null);
}

/** Before blk-mq, a driver with requests had a choice of schedulers; one of bios says `none`. */
const hasScheduler = (text: string): boolean => text !== "" && text !== "none";

const read = async (path: string): Promise<string> =>
  (await readBounded(path, { maxBytes: 65_536 }))?.toString("utf8").trim() ?? "";

const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);
