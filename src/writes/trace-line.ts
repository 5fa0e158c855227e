// SPDX-License-Identifier: Apache-2.0
// One line of a tracefs instance with block events: what it says was written. Pure. Names of programs are in the lines, and may be
// made to deceive, line ends included: what is not exactly an event makes the record unclear.
import type { Range } from "../core/index.ts";
import { type Unclear, unclear } from "./unclear.ts";

export type TraceLine =
  /** `device` as `8:0`. Discards and zeros are writes: the bytes read otherwise afterwards. */
  | { readonly kind: "write"; readonly device: string; readonly range: Range }
  | { readonly kind: "nothing" }
  /** A command with data that has no place on the disk: what it did is not known. */
  | { readonly kind: "passed-through"; readonly device: string; readonly program: string }
  | ({ readonly kind: "unclear" } & Unclear);

const SECTOR_BYTES = 512;
const NOTHING: TraceLine = { kind: "nothing" };

/**
 * `NAME-PID [CPU] FLAGS TIME: EVENT: `; a name has at most 15 bytes, so that the name of an event does not fit into it. Between:
 * `(TGID)` where that option is on.
 */
const HEAD =
  /^.{1,80}-\d+ +(?:\([ \d-]+\) +)?\[\d{3,}\] +(?:\S+ +)?\d+\.\d+: (block_rq_issue|block_bio_queue): (.+)$/su;
/** `8,0 WS 4096 () 2048 + 8 be,0,4 [name]`: bytes and the command (long empty) only of a request; the priority since Linux 6.10. */
const REQUEST =
  /^(\d+),(\d+) ([A-Z]{1,9}) (\d+) \([0-9a-f .]*\) (\d+) \+ (\d+) (?:[a-z]+,\d+,\d+ )?\[(.*)\]$/su;
const BIO = /^(\d+),(\d+) ([A-Z]{1,9}) (\d+) \+ (\d+) \[(.*)\]$/su;

/** Longer than any line of the kernel: its buffer for one is 8 KiB. */
const SHOWN_CHARACTERS = 120;

export function parseTraceLine(line: string): TraceLine {
  const lost = /^CPU:\d+ \[LOST(?: \d+)? EVENTS\]$/u.exec(line);
  if (lost !== null) return { kind: "unclear", ...unclear("overrun", line) };
  const [, event, body = ""] = HEAD.exec(line) ?? [];
  const isRequest = event === "block_rq_issue";
  const found = event === undefined ? null : (isRequest ? REQUEST : BIO).exec(body);
  if (found === null) return garbled(line);
  const fields = found.slice(1);
  const [major, minor, flags = ""] = fields;
  const [bytes, sector, sectors] = isRequest
    ? [Number(fields[3]), Number(fields[4]), Number(fields[5])]
    : [0, Number(fields[3]), Number(fields[4])];
  const device = `${major}:${minor}`;
  if (isRead(flags)) return NOTHING;
  if (sectors === 0)
    return bytes === 0
      ? NOTHING // a flush, or a command without data
      : { kind: "passed-through", device, program: fields.at(-1) ?? "" };
  const range = { start: sector * SECTOR_BYTES, end: (sector + sectors) * SECTOR_BYTES };
  return Number.isSafeInteger(range.end) ? { kind: "write", device, range } : garbled(line);
}

/** blk_fill_rwbs(): a letter for the flush before, then the kind. All that is no read counts: writes of zeros have been N. */
const isRead = (flags: string): boolean => flags.startsWith("R") || flags.startsWith("FR");

const garbled = (line: string): TraceLine => ({
  kind: "unclear",
  ...unclear("garbled", JSON.stringify(line.slice(0, SHOWN_CHARACTERS))),
});

/** `per_cpu/cpuN/stats`: what of the buffer was lost; null: all is there. What cannot be read is lost. */
export function findLoss(cpu: string, stats: string): Unclear | null {
  for (const name of ["overrun", "commit overrun", "dropped events"]) {
    const count = new RegExp(`^${name}: (\\d+)$`, "mu").exec(stats)?.[1];
    if (count === undefined) return unclear("garbled", `${cpu}: there is no count of "${name}"`);
    if (!/^0+$/u.test(count)) return unclear("overrun", `${cpu}: ${name} ${count}`);
  }
  return null;
}
