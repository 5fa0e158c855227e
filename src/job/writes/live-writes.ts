// SPDX-License-Identifier: Apache-2.0
// Passes of a live copy that read only what was written since the one before, by the kernel's record. Whatever is unclear ends in a
// pass that reads all, with a record that begins anew.
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CopyResult, KnownCells } from "../../copy/index.ts";
import {
  type Emit,
  type ExtentMap,
  makeProblem,
  rangesOf,
  type SourceDisk,
  UserError,
} from "../../core/index.ts";
import { readBounded, replaceFile } from "../../system/index.ts";
import {
  endRecording,
  findChanged,
  findTraceable,
  type KnownWrites,
  MAX_RECORD_BYTES,
  parseRecord,
  readIdentity,
  type RecordedDisk,
  type Recorder,
  recordingName,
  renderRecord,
  resumeRecorder,
  settle,
  startRecorder,
  type Traceable,
  type Unclear,
  type WritesRecord,
} from "../../writes/index.ts";

/** In memory, so that no restart of the server can bring it together with a later recording. */
const RUN = "/run/virt-p2v";
export const recordFile = (disks: readonly Traceable[]): string => join(RUN, `${recordingName(disks)}.json`);

export type LiveWritesOptions = {
  readonly disks: readonly SourceDisk[];
  /** Where the images are, as a person reads it. */
  readonly destination: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** What a complete pass saw in use, and what the destination's hashes came to. */
type Pass = {
  readonly maps: ReadonlyMap<number, ExtentMap>;
  readonly results: readonly Pick<CopyResult, "number" | "rootSha256" | "bad">[];
};
type Base = ReadonlyMap<number, Pick<RecordedDisk, "rootSha256" | "used">>;

export const NO_RECORD = "this system has no record since a complete pass of copy --live to the same place";

export class LiveWrites implements AsyncDisposable {
  readonly #options: LiveWritesOptions;
  readonly #disks: readonly Traceable[];
  readonly #begun = new Date();
  #recorder: Recorder | null = null;
  /** What the last complete pass left; null: the next one reads all. */
  #base: Base | null = null;

  private constructor(options: LiveWritesOptions, disks: readonly Traceable[]) {
    this.#options = options;
    this.#disks = disks;
  }

  /** Goes on from an earlier run, if all is as that run left it. UserError `not-recorded` where no record can be trusted. */
  static async open(options: LiveWritesOptions): Promise<LiveWrites> {
    const disks: Traceable[] = [];
    for (const disk of options.disks) {
      const found = await findTraceable(disk);
      if ("reason" in found) throw notRecorded(disk, found);
      disks.push(found);
    }
    const opened = new LiveWrites(options, disks);
    await opened.#resume();
    return opened;
  }

  /** Before the maps are read: from here on, writes belong to the time after this pass. Null: it must read all. */
  async beginPass(): Promise<KnownWrites | null> {
    const { signal, emit } = this.#options;
    const base = this.#base;
    this.#base = null;
    if (base !== null && this.#recorder !== null) {
      await this.#recorder.look();
      const { account } = this.#recorder;
      if (account.unclear.length === 0) {
        const known = new Map(
          [...base].map(([number, one]) => [number, { ...one, written: account.written(number) }]),
        );
        account.startAnew();
        await Promise.all(this.#disks.map((disk) => settle(disk, signal)));
        return known;
      }
      emit({ type: "problem", problem: unclearProblem(account.unclear) });
    }
    await this.#recorder?.[Symbol.asyncDispose]();
    this.#recorder = null;
    this.#recorder = await startRecorder(this.#disks, { signal });
    return null;
  }

  /** What the record comes to when nothing is written any more, or why it comes to nothing. It ends with this object. */
  async take(): Promise<KnownWrites | string> {
    const base = this.#base;
    this.#base = null;
    if (base === null || this.#recorder === null) return NO_RECORD;
    await this.#recorder.look();
    const { account } = this.#recorder;
    if (account.unclear.length > 0) return account.unclear.map(words).join("; ");
    return new Map([...base].map(([number, one]) => [number, { ...one, written: account.written(number) }]));
  }

  /** Why the next pass would read all; null: it would not. */
  async doubt(): Promise<string | null> {
    if (this.#base === null || this.#recorder === null) return NO_RECORD;
    await this.#recorder.look();
    const { unclear } = this.#recorder.account;
    return unclear.length === 0 ? null : unclear.map(words).join("; ");
  }

  get traceables(): readonly Traceable[] {
    return this.#disks;
  }

  endPass({ maps, results }: Pass): void {
    if (results.some(({ bad }) => bad.length > 0)) return; // what could not be read must be tried again, and be told again
    this.#base = new Map(
      results.map(({ number, rootSha256 }) => {
        const map = maps.get(number);
        return [number, { rootSha256, used: map === undefined ? [] : rangesOf(map, "data") }];
      }),
    );
  }

  /** The kernel goes on recording after a complete pass; without one there is nothing that it could be about. */
  async [Symbol.asyncDispose](): Promise<void> {
    const recorder = this.#recorder;
    this.#recorder = null;
    await recorder?.[Symbol.asyncDispose]();
    if (recorder === null) return;
    if (this.#base === null || recorder.account.unclear.length > 0) return await endRecording(this.#disks);
    await mkdir(RUN, { recursive: true, mode: 0o700 });
    await replaceFile(recordFile(this.#disks), renderRecord(await this.#record(recorder, this.#base)));
  }

  async #record({ account }: Recorder, base: Base): Promise<WritesRecord> {
    const { destination, disks } = this.#options;
    const recorded: RecordedDisk[] = [];
    for (const disk of disks) {
      const traced = this.#disks.find(({ number }) => number === disk.number);
      const known = base.get(disk.number);
      if (traced === undefined || known === undefined) throw new Error(`Disk ${disk.number} was not copied`);
      recorded.push({ ...(await describe(disk, traced)), ...known, written: account.written(disk.number) });
    }
    return {
      format: "writes/1",
      bootId: await readBootId(),
      begun: this.#begun.toISOString(),
      destination,
      disks: recorded,
    };
  }

  async #resume(): Promise<void> {
    const file = recordFile(this.#disks);
    const text = await readBounded(file, { maxBytes: MAX_RECORD_BYTES });
    await rm(file, { force: true }); // from now on it lacks what is taken from the kernel
    const record = text === null ? null : parseRecord(text.toString("utf8"));
    if (record === null) return;
    const doubt = (detail: string): void => {
      const why = [{ reason: "switched-off", detail }] as const;
      this.#options.emit({ type: "problem", problem: unclearProblem(why) });
    };
    if (!(await this.#isAboutThis(record)))
      return doubt("it is of another start of this system, of other disks, or of another destination");
    const recorder = await resumeRecorder(this.#disks);
    if (recorder === null) return doubt("somebody has removed the kernel's recording");
    for (const { number, written } of record.disks) recorder.account.add(number, written);
    this.#recorder = recorder;
    this.#base = new Map(record.disks.map((disk) => [disk.number, disk]));
  }

  async #isAboutThis({ bootId, destination, disks }: WritesRecord): Promise<boolean> {
    if (bootId !== (await readBootId()) || destination !== this.#options.destination) return false;
    if (disks.length !== this.#disks.length) return false;
    for (const disk of this.#options.disks) {
      const traced = this.#disks.find(({ number }) => number === disk.number);
      const there = disks.find(({ number }) => number === disk.number);
      if (traced === undefined || there === undefined) return false;
      const { path, devices, sizeBytes, tableId, serial } = await describe(disk, traced);
      const now = JSON.stringify([path, devices, sizeBytes, tableId, serial]);
      if (now !== JSON.stringify([there.path, there.devices, there.sizeBytes, there.tableId, there.serial]))
        return false;
    }
    return true;
  }
}

/** What need not be read of a disk whose earlier copy is known. */
export function knownCells(
  known: KnownWrites | null,
  number: number,
  map: ExtentMap,
): KnownCells | undefined {
  const before = known?.get(number);
  if (before === undefined) return undefined;
  return {
    rootSha256: before.rootSha256,
    changed: findChanged(before, rangesOf(map, "data"), map.size),
    isSampled: false, // what is written meanwhile would differ, and is no fault
  };
}

type Described = Omit<RecordedDisk, "rootSha256" | "used" | "written">;

async function describe(disk: SourceDisk, traced: Traceable): Promise<Described> {
  const { number, path, sizeBytes } = disk;
  const { device, devices, hasRequests, onlyAsks, sysfs } = traced;
  const kernel = { device, devices: [...devices], hasRequests, onlyAsks };
  return { number, path, sizeBytes, ...kernel, ...(await readIdentity(disk, sysfs)) };
}

export async function readBootId(): Promise<string> {
  return (await readBounded("/proc/sys/kernel/random/boot_id"))?.toString("utf8").trim() ?? "";
}

/** Ends the recording that an earlier run left. */
export async function forgetWrites(disks: readonly SourceDisk[]): Promise<void> {
  const found = (await Promise.all(disks.map(findTraceable))).filter(
    (one): one is Traceable => "device" in one,
  );
  const file = recordFile(found);
  if (found.length < disks.length || !existsSync(file)) return;
  await endRecording(found);
  await rm(file, { force: true });
}

export const words = ({ reason, detail }: Unclear): string => `${reason}: ${detail}`;

function notRecorded({ path }: SourceDisk, why: Unclear): UserError {
  return new UserError("not-recorded", `Not all writes to ${path} can be seen (${words(why)})`, {
    advice: "Give the disk itself, as /dev/sda; or leave out --trust-writes: then everything is compared",
  });
}

const unclearProblem = (reasons: readonly Unclear[]): ReturnType<typeof makeProblem> =>
  makeProblem("writes-unclear", {
    about: [],
    text: `The record of writes is not trusted, so this pass reads all (${reasons.map(words).join("; ")})`,
    advice: "Nothing need be done; where it comes again, the next passes are as long without --trust-writes",
  });
