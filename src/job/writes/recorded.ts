// SPDX-License-Identifier: Apache-2.0
// A server's record of writes for whoever trusts it: looked for, frozen for a jump, taken for a migration.
import { UserError } from "../../core/index.ts";
import { readBounded } from "../../system/index.ts";
import {
  findTraceable,
  instanceSettings,
  type KnownWrites,
  MAX_RECORD_BYTES,
  parseRecord,
  recordingName,
  type Traceable,
} from "../../writes/index.ts";
import { readArrived } from "./arrived.ts";
import {
  LiveWrites,
  type LiveWritesOptions,
  NO_RECORD,
  readBootId,
  recordFile,
  words,
} from "./live-writes.ts";

export type Frozen = {
  /** Of the tracefs instance, which goes on. */
  readonly recording: string;
  readonly settings: readonly string[];
  /** The record so far, as text. */
  readonly record: string;
};

/** For a jump: the record as it is, while the kernel goes on recording. UserError `not-recorded` where there is none to trust. */
export async function freezeWrites(options: LiveWritesOptions): Promise<Frozen> {
  const writes = await LiveWrites.open(options);
  const why = await writes.doubt();
  await writes[Symbol.asyncDispose]();
  const disks = writes.traceables;
  const record = why === null ? await readBounded(recordFile(disks), { maxBytes: MAX_RECORD_BYTES }) : null;
  if (record === null)
    throw new UserError("not-recorded", `The writes of this server are not known: ${why ?? "no record"}`, {
      advice:
        "Run copy --live --trust-writes to the same place and name first; or leave out --trust-writes: then everything is compared",
    });
  const settings = instanceSettings(disks).map(({ file }) => file);
  return { recording: recordingName(disks), settings, record: record.toString("utf8") };
}

/** For a check that changes nothing: null where freezeWrites() would look closer; else why it would find no record. */
export async function whyNotRecorded({
  disks: given,
  destination,
}: Pick<LiveWritesOptions, "disks" | "destination">): Promise<string | null> {
  const disks: Traceable[] = [];
  for (const disk of given) {
    const found = await findTraceable(disk);
    if ("reason" in found) return words(found);
    disks.push(found);
  }
  const text = await readBounded(recordFile(disks), { maxBytes: MAX_RECORD_BYTES });
  const record = text === null ? null : parseRecord(text.toString("utf8"));
  if (record === null || record.bootId !== (await readBootId())) return NO_RECORD;
  return record.destination === destination
    ? null
    : `this system's record is of a copy to ${record.destination}`;
}

/** For a migration in place of the server that recorded, or on the same system, with all disks read-only: the record, which ends; or why it is none. */
export async function takeWrites(options: LiveWritesOptions): Promise<KnownWrites | string> {
  const arrived = await readArrived(options.disks);
  if (arrived !== null) return arrived;
  try {
    await using writes = await LiveWrites.open(options);
    return await writes.take();
  } catch (error) {
    if (error instanceof UserError && error.code === "not-recorded") return error.message;
    throw error;
  }
}
