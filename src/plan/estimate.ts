// SPDX-License-Identifier: Apache-2.0
// How long the copy will take, by samples: which of disk, link and CPU limits it, and whether it fits a window. Pure.
import {
  diskNumberOf,
  type DiskPreview,
  formatBytes,
  formatSeconds,
  type GuestOS,
  type TimeEstimate,
} from "../core/index.ts";

export type Samples = {
  readonly readBytesPerSecond: number;
  /** Bytes of the wire; null: no link is in the way, or it could not be measured. */
  readonly linkBytesPerSecond: number | null;
  /** Bytes taken in, of all cores that pack; null: nothing is packed. */
  readonly packBytesPerSecond: number | null;
  /** Packed bytes for one byte; 1: nothing is packed. */
  readonly packedShare: number;
};

export type Window = { readonly now: Date; readonly endsAt: Date };

type Input = {
  readonly disks: readonly DiskPreview[];
  readonly samples: Samples;
  /** --limit-rate, on the wire. */
  readonly limitBytesPerSecond: number | null;
  readonly update: boolean;
  /** Numbers of disks that may be left out. */
  readonly leavable: readonly number[];
  readonly window: Window | null;
};

/** Conversion, boot check and what else is not copying; and rates are never quite what a sample said. */
const OTHER_SECONDS = 300;
const CAUTION = 1.25;

export function estimateTime(input: Input): TimeEstimate {
  const { disks, samples, update, window } = input;
  const used = disks.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  const { seconds, limitedBy } = copyTime(used, input);
  const again = used / samples.readBytesPerSecond;
  const base: TimeEstimate = {
    seconds: update ? again : seconds,
    limitedBy: update ? "disk" : limitedBy,
    readBytesPerSecond: samples.readBytesPerSecond,
    linkBytesPerSecond: samples.linkBytesPerSecond,
    packedShare: samples.packedShare,
    window: null,
  };
  if (window === null) return base;
  const left = (window.endsAt.getTime() - window.now.getTime()) / 1000;
  const fits = (time: number): boolean => time * CAUTION + OTHER_SECONDS <= left;
  const advice = fits(base.seconds) ? "" : adviceFor(input, { again, fits });
  return {
    ...base,
    window: { endsAt: window.endsAt.toISOString(), leftSeconds: left, fits: fits(base.seconds), advice },
  };
}

type Time = { readonly seconds: number; readonly limitedBy: TimeEstimate["limitedBy"] };

/** All work at once: the slowest decides. */
function copyTime(bytes: number, { samples, limitBytesPerSecond }: Input): Time {
  const { readBytesPerSecond, linkBytesPerSecond, packBytesPerSecond, packedShare } = samples;
  const times: Time[] = [{ seconds: bytes / readBytesPerSecond, limitedBy: "disk" }];
  if (packBytesPerSecond !== null) times.push({ seconds: bytes / packBytesPerSecond, limitedBy: "cpu" });
  const wire = bytes * packedShare;
  if (linkBytesPerSecond !== null) times.push({ seconds: wire / linkBytesPerSecond, limitedBy: "link" });
  if (limitBytesPerSecond !== null) times.push({ seconds: wire / limitBytesPerSecond, limitedBy: "limit" });
  return times.reduce((slowest, time) => (time.seconds > slowest.seconds ? time : slowest));
}

type Ways = { readonly again: number; readonly fits: (seconds: number) => boolean };

function adviceFor(input: Input, { again, fits }: Ways): string {
  const ways: string[] = [];
  const without = input.disks
    .filter(({ number }) => input.disks.length > 1 && input.leavable.includes(number))
    .map((disk) => {
      const rest = input.disks.filter((one) => one !== disk);
      return { disk, time: copyTime(bytesOf(rest), input).seconds };
    })
    .filter(({ time }) => fits(time) && !input.update)
    .toSorted((a, b) => a.disk.usedBytes - b.disk.usedBytes)[0];
  if (without !== undefined)
    ways.push(
      `leave out disk ${without.disk.number} (${without.disk.path}, ${formatBytes(without.disk.usedBytes)}): then about ${formatSeconds(without.time)}`,
    );
  if (!input.update)
    ways.push(
      `a first pass now, and --update in the next window: then about ${formatSeconds(again)}, since all is read and only what differs is sent`,
    );
  else ways.push("a longer window: all of the disks is read and compared");
  return ways.join("; or ");
}

const bytesOf = (disks: readonly DiskPreview[]): number =>
  disks.reduce((sum, { usedBytes }) => sum + usedBytes, 0);

/** Disks without a part of the root, of what boots, or of swap: the system starts without them, if fstab lets it. */
export function leavableDisks(disks: readonly DiskPreview[], guest: GuestOS | null): readonly number[] {
  if (guest === null) return [];
  const needed = [
    guest.root,
    ...guest.mounts.filter(({ path, type }) => NEEDED.test(path) || type === "swap").map(({ node }) => node),
  ];
  // A volume of LVM or md may lie on any of them.
  const numbers = needed.flatMap((node) => (node === null ? [] : [diskNumberOf(node)]));
  if (numbers.includes(null)) return [];
  return disks.flatMap(({ number }) => (numbers.includes(number) ? [] : [number]));
}

const NEEDED = /^\/(?:boot(?:\/efi)?|efi|usr|var|etc)?$/;

const LIMITS: Readonly<Record<TimeEstimate["limitedBy"], string>> = {
  disk: "reading the disks",
  link: "the link",
  cpu: "packing, on this machine's CPU,",
  limit: "--limit-rate",
};

/** Lines for a person, without heads: the time and what limits it, then the window. */
export function estimateLines(estimate: TimeEstimate): readonly string[] {
  const { seconds, limitedBy, readBytesPerSecond, linkBytesPerSecond, packedShare, window } = estimate;
  const rates = [
    `disks ${formatBytes(readBytesPerSecond)}/s`,
    linkBytesPerSecond === null ? null : `link ${formatBytes(linkBytesPerSecond)}/s`,
    packedShare >= 1 ? null : `packed to ${Math.max(1, Math.round(packedShare * 100))} %`,
  ].filter((word) => word !== null);
  const time = `the copy takes about ${formatSeconds(seconds)}; ${LIMITS[limitedBy]} limits it (measured: ${rates.join(", ")}; not the host's own disks)`;
  if (window === null) return [time];
  const until = `${formatSeconds(Math.max(0, window.leftSeconds))} until the window ends`;
  return [
    time,
    window.fits ? `it fits: ${until}` : `it does NOT fit: ${until}. What would: ${window.advice}`,
  ];
}

/**
 * `06:30`, the next time that the clock says so; or a date with it, `2026-11-24T06:30`, in local time unless it has a
 * zone. null: it is not a time.
 */
export function parseWindowEnd(text: string, now: Date): Date | null {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    const end = new Date(now);
    end.setHours(Number(hours), Number(minutes), 0, 0);
    if (end <= now) end.setDate(end.getDate() + 1);
    return end;
  }
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?$/.test(text.trim())) return null;
  const end = new Date(text.trim().replace(" ", "T"));
  return Number.isNaN(end.getTime()) ? null : end;
}
