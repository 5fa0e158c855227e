// SPDX-License-Identifier: Apache-2.0
// The recording: an instance of tracefs, which lives in the kernel until somebody removes it, and outlives this program. It costs the
// server a line of memory for each request that is no read. Nothing is written to a disk.
import { constants } from "node:fs";
import { access, type FileHandle, mkdir, open, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../core/index.ts";
import { isErrno, readMountTable, run } from "../system/index.ts";
import { Account } from "./account.ts";
import { findLoss } from "./trace-line.ts";
import { devicesOf, type Traceable } from "./traceable.ts";
import { unclear } from "./unclear.ts";

const TRACEFS = "/sys/kernel/tracing";
/** For all CPUs together: a million writes or so, between two looks. */
const BUFFER_KIB = 65_536;
const LEAST_BUFFER_KIB = 1024;
const LOOK_MS = 250;
const READ_BYTES = 2 ** 18;
/** The kernel gives up a request after 30 s (queue/io_timeout), and tries it again. */
const SETTLE_MS = 60_000;

export interface Recorder extends AsyncDisposable {
  readonly account: Account;
  /** All that was issued before this call is in the account afterwards, and all that makes it unclear. */
  look(): Promise<void>;
}

type Traced = readonly Pick<Traceable, "device">[];

/** One for each set of disks, so that copies of different disks know nothing of each other. Pure. */
export const recordingName = (disks: Traced): string =>
  `virt-p2v-${disks.map(({ device }) => device.replace(":", "-")).join("_")}`;

const instanceOf = (disks: Traced): string => join(TRACEFS, "instances", recordingName(disks));

type Settings = { readonly file: string; readonly value: string };

/** What the instance is set to, in this order. Pure. */
export function instanceSettings(
  disks: readonly Pick<Traceable, "device" | "hasRequests">[],
): readonly Settings[] {
  const isWrite = '!(rwbs ~ "R*")';
  const ofDisks = disks.map(({ device }) => `dev == ${kernelNumber(device)}`).join(" || ");
  // A request for several discards tells the place of the first one only: they are taken from the bios, before they are merged.
  const bios = disks.every(({ hasRequests }) => hasRequests) ? 'rwbs ~ "*D*"' : isWrite;
  return [
    { file: "events/block/block_rq_issue/filter", value: `(${ofDisks}) && ${isWrite}` },
    { file: "events/block/block_bio_queue/filter", value: bios },
    { file: "events/block/block_rq_issue/enable", value: "1" },
    { file: "events/block/block_bio_queue/enable", value: "1" },
    { file: "tracing_on", value: "1" },
  ];
}

/** dev_t as the kernel has it inside: 12 bits and 20. */
function kernelNumber(device: string): number {
  const [major = 0, minor = 0] = device.split(":").map(Number);
  return major * 2 ** 20 + minor;
}

/** Begins to record. Every write whose effect a later read may miss is in the account. UserError `not-recorded`. */
export async function startRecorder(
  disks: readonly Traceable[],
  { signal, pieceBytes }: { readonly signal: AbortSignal; readonly pieceBytes?: number },
): Promise<Recorder> {
  await needTracefs();
  await endRecording(disks);
  const instance = instanceOf(disks);
  try {
    await mkdir(instance);
    const kib = Math.max(LEAST_BUFFER_KIB, Math.floor(BUFFER_KIB / availableParallelism()));
    await writeFile(join(instance, "buffer_size_kb"), String(kib));
    for (const { file, value } of instanceSettings(disks)) await writeFile(join(instance, file), value);
  } catch (error) {
    throw notRecorded(error instanceof Error ? error.message : String(error), error);
  }
  const recorder = await follow(disks, {
    instance,
    account: new Account(disks, pieceBytes === undefined ? {} : { pieceBytes }),
  });
  // A write that was issued before is not in the account, and a read may be faster than it.
  await Promise.all(disks.map((disk) => settle(disk, signal)));
  return recorder;
}

/** Goes on with the recording of an earlier run; null where there is none that is as it should be. */
export async function resumeRecorder(disks: readonly Traceable[]): Promise<Recorder | null> {
  await needTracefs();
  const instance = instanceOf(disks);
  if (!(await isThere(instance))) return null;
  return await follow(disks, { instance, account: new Account(disks) });
}

/** Waits until what is on its way to the disk now has arrived there. */
export async function settle({ sysfs }: Pick<Traceable, "sysfs">, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += 50) {
    signal.throwIfAborted();
    const [, writes] = (await readFile(join(sysfs, "inflight"), "utf8")).trim().split(/\s+/u);
    if (writes === "0") return;
    await sleep(50, undefined, { signal });
  }
}

/** Removes the instance. UserError `not-recorded` while another program reads it. */
export async function endRecording(disks: Traced): Promise<void> {
  const instance = instanceOf(disks);
  try {
    await rmdir(instance); // tracefs removes it with all in it
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw notRecorded(`${instance} is in use: another copy of these disks runs`, error);
  }
}

async function follow(
  disks: readonly Traceable[],
  { instance, account }: { readonly instance: string; readonly account: Account },
): Promise<Recorder> {
  const pipe = await open(join(instance, "trace_pipe"), constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(READ_BYTES);
  let last = drain(pipe, { buffer, account });
  const over = new AbortController();
  const next = (): Promise<void> => {
    last = last.then(() => drain(pipe, { buffer, account }));
    return last;
  };
  const looking = (async () => {
    while (!over.signal.aborted) {
      await next();
      await sleep(LOOK_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  looking.catch(() => undefined); // look() has the same failure
  await last;
  return {
    account,
    async look() {
      await next();
      await checkInstance(instance, { disks, account });
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await looking.catch(() => undefined);
      await pipe.close();
    },
  };
}

/** Without waiting: until there is nothing more at this moment. */
async function drain(
  pipe: FileHandle,
  { buffer, account }: { buffer: Buffer; account: Account },
): Promise<void> {
  for (;;) {
    try {
      const { bytesRead } = await pipe.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      account.take(buffer.toString("latin1", 0, bytesRead)); // names may be cut within a character
    } catch (error) {
      if (isErrno(error, "EAGAIN")) return;
      throw error;
    }
  }
}

/** Is it still set as it was, and did it lose nothing? */
async function checkInstance(
  instance: string,
  { disks, account }: { readonly disks: readonly Traceable[]; readonly account: Account },
): Promise<void> {
  for (const { file, value } of instanceSettings(disks)) {
    const now = (await readFile(join(instance, file), "utf8").catch(() => "")).trim();
    if (now !== value) account.doubt(unclear("switched-off", `${file}: ${now}`));
  }
  const cpus = await readdir(join(instance, "per_cpu")).catch(() => []);
  if (cpus.length === 0) account.doubt(unclear("switched-off", "per_cpu"));
  for (const cpu of cpus) {
    const loss = findLoss(
      cpu,
      await readFile(join(instance, "per_cpu", cpu, "stats"), "utf8").catch(() => ""),
    );
    if (loss !== null) account.doubt(loss);
  }
  for (const { sysfs, path, devices } of disks)
    if ((await devicesOf(sysfs)).join() !== devices.join()) account.doubt(unclear("partitions", path));
}

/** Debian mounts it when it is looked at; others by a unit; where nobody did, we do. */
async function needTracefs(): Promise<void> {
  const isMounted = (await readMountTable()).some(({ path, type }) => path === TRACEFS && type === "tracefs");
  if (!isMounted) {
    try {
      await run(["mount", "-t", "tracefs", "tracefs", TRACEFS]);
    } catch (error) {
      throw notRecorded(`There is no tracefs at ${TRACEFS}`, error);
    }
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function notRecorded(why: string, cause: unknown): UserError {
  return new UserError("not-recorded", `The kernel does not record its writes: ${why}`, {
    advice:
      "It needs tracefs and block events (Linux 4.0, no lockdown); without --trust-writes everything is compared",
    cause,
  });
}
