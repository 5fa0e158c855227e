// SPDX-License-Identifier: Apache-2.0
// What a record is worth after the jump: its last lines are taken in, and whatever does not fit makes it worth nothing. Pure.
import { Account } from "./account.ts";
import type { Identity } from "./identity.ts";
import { parseRecord, type RecordedDisk } from "./record.ts";
import { instanceSettings } from "./recorder.ts";
import { findLoss } from "./trace-line.ts";
import { type Unclear, unclear } from "./unclear.ts";

/** As texts; null: the file is missing. */
export type ArrivedFiles = {
  readonly record: string;
  readonly trace: string | null;
  readonly stats: string | null;
  readonly settings: string | null;
};

type Here = Identity & { readonly number: number; readonly sizeBytes: number };
/** By disk. */
export type KnownWrites = ReadonlyMap<number, Pick<RecordedDisk, "rootSha256" | "used" | "written">>;

/** Words: why not. To which images it belongs is told by their hashes, of which it has the root. */
export function judgeArrived(files: ArrivedFiles, disks: readonly Here[]): KnownWrites | string {
  const record = parseRecord(files.record);
  if (record === null) return "the server's record of writes cannot be read";
  const { trace, stats, settings } = files;
  if (trace === null || stats === null || settings === null)
    return "the last lines of the server's record are missing";
  const account = new Account(record.disks);
  for (const { number, written } of record.disks) account.add(number, written);
  account.take(withoutHeader(trace));
  for (const why of [...findLosses(stats), ...findChanges(settings, record.disks)]) account.doubt(why);
  if (account.unclear.length > 0)
    return account.unclear.map(({ reason, detail }) => `${reason}: ${detail}`).join("; ");
  const known = new Map<number, Pick<RecordedDisk, "rootSha256" | "used" | "written">>();
  for (const disk of disks) {
    const alike = record.disks.filter(
      ({ tableId, sizeBytes }) =>
        tableId !== null && tableId === disk.tableId && sizeBytes === disk.sizeBytes,
    );
    const [one, ...more] = alike;
    if (one === undefined || more.length > 0)
      return `disk ${disk.number} is not to be told from the others by its table`;
    if (one.number !== disk.number) return `disk ${disk.number} was disk ${one.number} of the server`;
    known.set(disk.number, { ...one, written: account.written(one.number) });
  }
  return known;
}

/** Only at the very beginning: a name of a program may hold a line that looks like it. */
function withoutHeader(trace: string): string {
  const lines = trace.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("#"));
  return lines.slice(Math.max(0, first)).join("\n");
}

/** `== cpu0`, and the kernel's statistics of it, for each CPU. */
function findLosses(text: string): readonly Unclear[] {
  const parts = text.split(/^== /mu).slice(1);
  if (parts.length === 0) return [unclear("garbled", "there are no statistics")];
  return parts.flatMap((part) => findLoss(part.split("\n")[0] ?? "", part) ?? []);
}

/** `file=value` lines. */
function findChanges(text: string, disks: readonly RecordedDisk[]): readonly Unclear[] {
  const found = new Map(
    text.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  return instanceSettings(disks).flatMap(({ file, value }) =>
    found.get(file) === value ? [] : [unclear("switched-off", `${file}: ${found.get(file) ?? "missing"}`)],
  );
}
