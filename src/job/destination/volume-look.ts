// SPDX-License-Identifier: Apache-2.0
// What a host tells of its block devices, by one script that only reads, and what of it stands in the way of a disk.
import { formatBytes, makeProblem, named, type Problem, type ProblemCode, shown } from "../../core/index.ts";

// One line for each: size, number, the devices below it, what uses it, what blkid recognizes. A device may have many
// names, also nodes of its own in a VM's mount namespace, so numbers are compared. Used means: mounted or swapped on
// (btrfs tells no number in mountinfo), held, or open: by a program, a loop device, or Xen's backend (which is none).
export const LOOK = [
  "PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL",
  `number() { stat -L -c '%t %T' "$1" | { read -r x y; echo "$((0x$x)):$((0x$y))"; }; }`,
  'under() { cat "$1/dev"; [ ! -e "$1/partition" ] || under "$1/.."; for q in "$1"/slaves/*; do [ ! -e "$q/dev" ] || under "$q"; done; }',
  'among() { for i in $2; do [ "$i" != "$1" ] || return 0; done; return 1; }',
  'm=$(while read -r a b c d; do echo "$c"; done </proc/self/mountinfo; while read -r a b; do [ ! -b "$a" ] || number "$a"; done </proc/swaps; cat /sys/fs/btrfs/*/devices/*/dev 2>/dev/null)',
  `opened() { ls -lnL /proc/[0-9]*/fd 2>/dev/null | sed -n 's/^b[^ ]* *[0-9]* *[0-9]* *[0-9]* *\\([0-9]*\\), *\\([0-9]*\\) .*/\\1:\\2/p'`,
  'for f in /sys/block/loop*/loop/backing_file; do [ ! -r "$f" ] || { read -r b <"$f"; [ ! -b "$b" ] || number "$b"; }; done',
  'for f in /sys/bus/xen-backend/devices/*/physical_device; do [ ! -r "$f" ] || { IFS=: read -r x y <"$f"; [ -z "$y" ] || echo "$((0x$x)):$((0x$y))"; }; done; }',
  "o=$(opened)",
  'for v; do if [ ! -e "$v" ]; then echo absent; continue; fi; if [ ! -b "$v" ]; then echo no-device; continue; fi',
  'n=$(number "$v"); s=/sys/dev/block/$n; w=',
  'for d in "$s" "$s"/*/partition "$s/partition"; do [ -e "$d" ] || continue',
  'case $d in "$s/partition") d=$s/..;; */partition) d=${d%/partition};; esac; k=$(cat "$d/dev")',
  // A program that only looked, such as udev's, is gone after a moment.
  'if among "$k" "$o"; then sleep 1; o=$(opened); ! among "$k" "$o" || w=open; fi',
  'for h in "$d"/holders/*; do [ ! -e "$h" ] || w=held; done; ! among "$k" "$m" || w=mounted; done',
  '[ -w "$v" ] || w=rights; [ "$(cat "$s/ro")" = 0 ] || w=read-only',
  't=$(blkid -p -o value -s TYPE -s PTTYPE -s LABEL "$v" 2>/dev/null); case $? in 0) ;; 2) t=;; *) t="what blkid cannot tell there";; esac',
  `echo "size=$(cat "$s/size") under=$(under "$s" | tr '\\n' ,) used=$w holds=$(printf %s "$t" | head -c 200 | tr -s '\\n' ' ')"`,
  "done",
].join("; ");

const USES: Readonly<Record<string, readonly [text: string, advice: string]>> = {
  mounted: ["is mounted, or swapped on", "Unmount it, or name another volume"],
  held: ["is part of something, or has partitions in use", "Name the volume itself that shall take the disk"],
  open: [
    "is open in another program, perhaps a VM that runs",
    "Stop that, or name another volume; after a cut link our own agent ends within 90 s",
  ],
  rights: ["may not be written by this user", "Go there as root, or give the user the right to write it"],
  "read-only": ["is read-only", "Name another volume"],
};

type Looked = {
  readonly path: string;
  readonly title: string;
  readonly sizeBytes: number;
  /** What is recognized on it may be lost. */
  readonly ours: boolean;
  /** Numbers of the source disks, where they are devices of the same machine. */
  readonly sources?: readonly string[];
  /** Numbers of the volumes before it. */
  readonly seen?: ReadonlySet<string>;
};

const LINE = /^size=(\d{1,15}) under=([\d:,]{1,4000}) used=([a-z-]*) holds=(.*)$/;

/** Itself first, then the disks it lies on, as `major:minor`. */
export const devicesUnder = (line: string): readonly string[] =>
  (LINE.exec(line)?.[2] ?? "").split(",").filter((one) => one !== "");

/** Names that the kernel gives in the order in which it finds devices. */
const UNSTABLE = /^\/dev\/(?:sd|hd|vd|xvd|nvme|mmcblk|loop|dm-|md|zd)[a-z0-9]+$/;

/** One line of the answer. Pure. */
export function problemsOf(
  line: string,
  { path, title, sizeBytes, ours, sources = [], seen = new Set() }: Looked,
): readonly Problem[] {
  const stop = (code: ProblemCode, text: string, advice: string): readonly Problem[] => [
    makeProblem(code, { about: named("volume", path), text: `${path} on ${title} ${text}`, advice }),
  ];
  if (line === "absent")
    return stop("destination-absent", "is not there", "Make the volume, or name one that is there");
  const match = LINE.exec(line);
  if (line === "no-device" || match === null)
    return stop("destination-no-device", "is not a block device", "Name a logical volume, partition or zvol");
  const [, sectors = "0", , use = "", holds = ""] = match;
  const has = Number(sectors) * 512;
  const under = devicesUnder(line);
  if (under.some((device) => sources.includes(device)))
    return stop("destination-is-source", "lies on a disk that is migrated", "Name a volume on another disk");
  if (seen.has(under[0] ?? ""))
    return stop("destination-twice", "is given twice, by two names", "Give each disk a volume of its own");
  const used = USES[use];
  if (used !== undefined) return stop("destination-in-use", used[0], used[1]);
  if (has < sizeBytes)
    return stop(
      "destination-too-small",
      `has ${formatBytes(has)}, the disk ${formatBytes(sizeBytes)}`,
      "Make the volume larger, or name another",
    );
  const what = shown(holds.trim());
  if (what !== "" && !ours)
    return stop(
      "destination-exists",
      `holds something: ${what}`,
      "Name another volume; or give --replace, and what is on it is lost",
    );
  const behind = has - sizeBytes;
  const kept =
    behind === 0 ? "" : `; the last ${formatBytes(behind)}, behind the disk's end, stay as they are`;
  const stable = UNSTABLE.test(path)
    ? ", and give it a name that stays: after a restart this one may be another device's (see /dev/disk/by-id)"
    : "";
  return [
    makeProblem("volume-overwritten", {
      about: named("volume", path),
      text: `All that is on ${path} on ${title} is overwritten${what === "" ? "" : ` (${what})`}${kept}`,
      advice: `Look once more whether it is the right one${stable}`,
    }),
  ];
}
