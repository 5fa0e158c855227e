// SPDX-License-Identifier: Apache-2.0
// The bars, each judged by what was measured in the same run. Pure.
import type { Measured } from "./measure.ts";

export type LinkRun = {
  readonly mbit: number;
  /** `auto`, or what was set by hand. */
  readonly compress: string;
  readonly seconds: number;
  readonly sentBytes: number;
  /** Bytes on the wire, headers too, of what the link could have carried in that time. */
  readonly linkShare: number;
};

export type Again = {
  readonly firstSeconds: number;
  readonly unchangedSeconds: number;
  readonly resumeSeconds: number;
};

export type MemoryRun = {
  readonly sizeBytes: number;
  readonly planSeconds: number;
  readonly senderPeakBytes: number;
  readonly agentPeakBytes: number;
};

/** The copy of a migration after `copy --live`. */
export type ColdPass = {
  readonly usedBytes: number;
  /** Before the images are done; the sample too. */
  readonly readBytes: number;
  readonly sentBytes: number;
  readonly copySeconds: number;
};

export type Writes = { readonly full: ColdPass; readonly traced: ColdPass };

export type Results = {
  readonly ways: readonly Measured[];
  readonly links: readonly LinkRun[];
  readonly again: Again | null;
  readonly memory: readonly MemoryRun[] | null;
  readonly writes: Writes | null;
  /** Of `partclone | zstd -3`, for the slow link. */
  readonly zstd3Bytes?: number;
};

export type Verdict = {
  readonly what: string;
  readonly value: number;
  readonly bar: string;
  readonly met: boolean;
};

const MIB = 2 ** 20;

const atMost = (what: string, value: number, bar: number): Verdict => ({
  what,
  value,
  bar: `at most ${bar}`,
  met: value <= bar,
});
const atLeast = (what: string, value: number, bar: number): Verdict => ({
  what,
  value,
  bar: `at least ${bar}`,
  met: value >= bar,
});

export function judge(results: Results): Verdict[] {
  return [
    ...judgeWays(results),
    ...judgeLinks(results),
    ...judgeAgain(results),
    ...judgeMemory(results),
    ...judgeWrites(results),
  ];
}

function judgeWays({ ways }: Results): Verdict[] {
  const find = (name: string): Measured | undefined => ways.find((one) => one.name === name);
  const [us, partclone, dd, nbd] = ["virt-p2v", "partclone", "dd", "nbdkit"].map(find);
  if (us === undefined) return [];
  const out: Verdict[] = [];
  if (partclone !== undefined) {
    out.push(atMost("wall time, of partclone's", us.seconds / partclone.seconds, 0.75));
    out.push(atMost("CPU time, of partclone's", us.cpuSeconds / partclone.cpuSeconds, 1.5));
    if (us.sentBytes !== null && partclone.sentBytes !== null)
      out.push(atMost("bytes sent, of partclone's", us.sentBytes / partclone.sentBytes, 1));
    out.push(atMost("bytes occupied, of partclone's", us.occupiedBytes / partclone.occupiedBytes, 1.01));
  }
  if (dd !== undefined) out.push(atLeast("times faster than dd, ssh -C", dd.seconds / us.seconds, 12));
  if (nbd !== undefined) out.push(atLeast("times faster than nbdkit, ssh -R", nbd.seconds / us.seconds, 3));
  return out;
}

function judgeLinks({ links, zstd3Bytes }: Results): Verdict[] {
  const out: Verdict[] = [];
  const slow = links.find((one) => one.mbit === 100 && one.compress === "auto");
  if (slow !== undefined) {
    out.push(atLeast("100 Mbit: part of the link used", slow.linkShare, 0.95));
    if (zstd3Bytes !== undefined)
      out.push(atMost("100 Mbit: bytes sent, of zstd -3's", slow.sentBytes / zstd3Bytes, 1));
  }
  const fast = links.filter((one) => one.mbit === 1000);
  const auto = fast.find((one) => one.compress === "auto");
  const byHand = fast.filter((one) => one.compress !== "auto").map((one) => one.seconds);
  if (auto !== undefined && byHand.length > 0)
    out.push(
      atMost("1 Gbit: wall time, of the best level by hand", auto.seconds / Math.min(...byHand), 1.05),
    );
  return out;
}

function judgeAgain({ again }: Results): Verdict[] {
  if (again === null) return [];
  return [
    atMost("nothing changed, of the first pass", again.unchangedSeconds / again.firstSeconds, 0.5),
    atMost("resumed after 90 %, of the first pass", again.resumeSeconds / again.firstSeconds, 0.25),
  ];
}

function judgeMemory({ memory }: Results): Verdict[] {
  const [small, large] = [memory?.[0], memory?.at(-1)];
  if (small === undefined || large === undefined) return [];
  return [
    atMost("MiB of the sender, largest disk", large.senderPeakBytes / MIB, 300),
    atMost("MiB of the agent, largest disk", large.agentPeakBytes / MIB, 300),
    atMost("seconds to plan the largest disk", large.planSeconds, 5),
  ];
}

function judgeWrites({ writes }: Results): Verdict[] {
  if (writes === null) return [];
  const { full, traced } = writes;
  const moved = ({ readBytes, sentBytes }: ColdPass): number => readBytes + sentBytes;
  // Of seconds there is no bar: what the page cache has is read in no time.
  return [atMost("record of writes: bytes read and sent, of all's", moved(traced) / moved(full), 0.1)];
}
