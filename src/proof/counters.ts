// SPDX-License-Identifier: Apache-2.0
// The kernel's own account of a source disk: read-only flag, sectors written and discarded, warnings; for an image file
// its identity and times. Read before the job and after.
import { readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type SourceDisk, UserError } from "../core/index.ts";
import { makeRunDirectory, RunError, run } from "../system/index.ts";
import { watchFile } from "./file-identity.ts";
import type { CountersVerdict, CounterWatch } from "./watch.ts";

/** In a run's directory: device paths that this run has set read-only, a line each. */
export const SET_READ_ONLY_FILE = "set-read-only";

/** From here on the disk is watched; a device is read-only in the kernel until dispose, which restores what was before. */
export async function watchCounters(
  disk: SourceDisk,
  { signal }: { signal: AbortSignal },
): Promise<CounterWatch> {
  return disk.kind === "device" ? watchDevice(disk, { signal }) : watchFile(disk);
}

type Device = { readonly name: string; readonly path: string; readonly statPath: string };

async function watchDevice(disk: SourceDisk, { signal }: { signal: AbortSignal }): Promise<CounterWatch> {
  const devices = await findDevices(disk.path);
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await makeRunDirectory("proof")).path;
  const writable: string[] = [];
  for (const { path } of devices) if (!(await isReadOnly(path))) writable.push(path);
  await writeFile(join(directory, SET_READ_ONLY_FILE), writable.map((path) => `${path}\n`).join(""));
  scope.defer(async () => {
    for (const path of writable.toReversed()) await run(["blockdev", "--setrw", path]);
  });
  for (const path of writable) await setReadOnly(disk, path, { signal });
  const before = await readCounters(devices);
  const warningsBefore = await readWarnings(devices);
  const owned = scope.move();
  return {
    async verdict(options) {
      options.signal.throwIfAborted();
      const flags: boolean[] = [];
      for (const { path } of devices) flags.push(await isReadOnly(path));
      const after = await readCounters(devices);
      const warnings = await readWarnings(devices);
      return deviceVerdict({ devices, before, after, flags, warningsBefore, warnings });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export type Counters = { readonly sectorsWritten: bigint; readonly sectorsDiscarded: bigint };

/** Pure: what the kernel's account says. Counters are in 512-byte sectors; null: there was none to read. */
export function deviceVerdict(seen: {
  devices: readonly { readonly name: string }[];
  before: readonly (Counters | null)[];
  after: readonly (Counters | null)[];
  flags: readonly boolean[];
  warningsBefore: ReadonlySet<string> | null;
  warnings: ReadonlySet<string> | null;
}): CountersVerdict {
  const faults: string[] = [];
  for (const [index, { name }] of seen.devices.entries()) {
    const [before, after] = [seen.before[index] ?? null, seen.after[index] ?? null];
    if (before === null || after === null) {
      faults.push(`the kernel has no counters for ${name}`);
      continue;
    }
    const written = after.sectorsWritten - before.sectorsWritten;
    const discarded = after.sectorsDiscarded - before.sectorsDiscarded;
    if (written !== 0n) faults.push(`${written} sectors of ${name} were written`);
    if (discarded !== 0n) faults.push(`${discarded} sectors of ${name} were discarded`);
    if (seen.flags[index] !== true) faults.push(`${name} was made writable meanwhile`);
  }
  const fresh = [...(seen.warnings ?? [])].filter((line) => seen.warningsBefore?.has(line) !== true);
  if (fresh.length > 0 && seen.warningsBefore !== null) faults.push(`the kernel log says: ${fresh[0]}`);
  if (faults.length > 0) return { held: false, detail: faults.join("; ") };
  const names = seen.devices.map(({ name }) => name).join(", ");
  const log =
    seen.warnings === null ? "; the kernel log could not be read" : "; no attempt to write in the kernel log";
  return {
    held: true,
    detail: `read-only in the kernel, and the counters of sectors written and discarded of ${names} did not move${log}`,
  };
}

/** The disk and its partitions, by sysfs. */
async function findDevices(path: string): Promise<Device[]> {
  const { rdev } = await stat(path);
  // Linux packs dev_t as user space sees it: makedev(3).
  const major = Number((BigInt(rdev) >> 8n) & 0xfffn);
  const minor = Number((BigInt(rdev) & 0xffn) | ((BigInt(rdev) >> 12n) & 0xfff00n));
  const directory = await realpath(`/sys/dev/block/${major}:${minor}`);
  const of = (name: string, at: string): Device => ({
    name: name.replaceAll("!", "/"),
    path: `/dev/${name.replaceAll("!", "/")}`,
    statPath: join(at, "stat"),
  });
  const devices = [of(basename(directory), directory)];
  for (const name of (await readdir(directory)).toSorted()) {
    const isPartition = await readFile(join(directory, name, "partition"), "utf8").catch(() => null);
    if (isPartition !== null) devices.push(of(name, join(directory, name)));
  }
  return devices;
}

async function readCounters(devices: readonly Device[]): Promise<(Counters | null)[]> {
  const counters: (Counters | null)[] = [];
  for (const { statPath } of devices)
    counters.push(parseBlockStat(await readFile(statPath, "utf8").catch(() => "")));
  return counters;
}

/** Documentation/block/stat.rst: field 7 is sectors written, field 14 sectors discarded (since Linux 4.18). */
export function parseBlockStat(text: string): Counters | null {
  const fields = text.trim().split(/\s+/);
  const [written, discarded] = [fields[6], fields[13] ?? "0"];
  if (written === undefined || !/^\d+$/.test(written) || !/^\d+$/.test(discarded)) return null;
  return { sectorsWritten: BigInt(written), sectorsDiscarded: BigInt(discarded) };
}

async function isReadOnly(path: string): Promise<boolean> {
  return (await run(["blockdev", "--getro", path])).stdout.trim() === "1";
}

async function setReadOnly(
  disk: SourceDisk,
  path: string,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  try {
    await run(["blockdev", "--setro", path], { signal });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw new UserError("not-read-only", `${path} cannot be set read-only in the kernel`, {
      advice: `Run this as root, and see that nothing on ${disk.path} is mounted`,
      cause: error,
    });
  }
}

/** Lines about writes to these devices; null when the log cannot be read. Best effort: old lines fall out of it. */
async function readWarnings(devices: readonly Device[]): Promise<ReadonlySet<string> | null> {
  try {
    const { stdout } = await run(["dmesg"], { timeoutMs: 20_000 });
    return findWarnings(
      stdout,
      devices.map(({ name }) => name),
    );
  } catch (error) {
    if (error instanceof RunError || error instanceof UserError || error instanceof RangeError) return null;
    throw error;
  }
}

/** block/blk-core.c, bio_check_ro(): a warning, and once for each device; the counters are the proof. */
export function findWarnings(log: string, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const line of log.split("\n")) {
    const name = /write to read-only block-device (\S+)/.exec(line)?.[1];
    if (name !== undefined && names.includes(name)) found.add(line.trim());
  }
  return found;
}
