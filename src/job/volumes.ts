// SPDX-License-Identifier: Apache-2.0
// Block devices of the host that shall take disks: looked at before anything is done, by one script that only reads.
import { formatBytes, type Host, type Problem, type SourceDisk, UserError } from "../core/index.ts";

// One line each: size, what uses it (mounts and swap by device number, holders, partitions), what blkid recognizes.
// A device may have many names, so its number is what is compared.
const LOOK = [
  "PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL; set -f",
  `number() { stat -L -c '%t %T' "$1" | { read -r x y; echo "$((0x$x)):$((0x$y))"; }; }`,
  'u=$(while read -r a b c d; do echo "$c"; done </proc/self/mountinfo; while read -r a b; do [ ! -b "$a" ] || number "$a"; done </proc/swaps)',
  'for v; do if [ ! -e "$v" ]; then echo absent; continue; fi; if [ ! -b "$v" ]; then echo no-device; continue; fi',
  'n=$(number "$v"); s=/sys/dev/block/$n; w=',
  'for m in $u; do [ "$m" != "$n" ] || w=mounted; done; set +f',
  'for h in "$s"/holders/* "$s"/*/partition; do [ ! -e "$h" ] || w=held; done',
  '[ -n "$w" ] || for f in /proc/[0-9]*/fd/*; do if [ "$f" -ef "$v" ]; then w=open; break; fi; done; set -f',
  '[ -w "$v" ] || w=rights; [ "$(cat "$s/ro")" = 0 ] || w=read-only',
  `echo "size=$(cat "$s/size") used=$w holds=$(blkid -p -o value -s TYPE -s PTTYPE -s LABEL "$v" 2>/dev/null | head -c 200 | tr -s '\\n' ' ')"`,
  "done",
].join("; ");

type Wanted = {
  readonly volumes: readonly string[];
  readonly disks: readonly SourceDisk[];
  /** What is on them may be lost: --replace, or an earlier run of ours began to fill them. */
  readonly ours: boolean;
  readonly signal: AbortSignal;
};

/** What stands in the way of writing onto these volumes; and, always, that what is on them is lost. */
export async function checkVolumes(
  host: Host,
  { volumes, disks, ours, signal }: Wanted,
): Promise<readonly Problem[]> {
  if (volumes.length === 0) return [];
  const { stdout, code } = await host.run(["sh", "-c", LOOK, "sh", ...volumes], {
    timeoutMs: 60_000,
    signal,
  });
  const lines = stdout.trimEnd().split("\n");
  if (code !== 0 || lines.length !== volumes.length)
    throw new UserError("host", "host-no-answer", `${host.title} does not tell what its volumes are`, {
      advice: "Log in there by hand and look whether stat, blkid and head work",
    });
  return volumes.flatMap((path, index) => {
    const line = lines[index] ?? "";
    const sizeBytes = disks[index]?.sizeBytes ?? 0;
    return problemsOf(line, { path, title: host.title, sizeBytes, ours });
  });
}

const USES: Readonly<Record<string, readonly [text: string, advice: string]>> = {
  mounted: ["is mounted, or swapped on", "Unmount it, or name another volume"],
  held: ["is part of something, or has partitions in use", "Name the volume itself that shall take the disk"],
  open: ["is open in another program, perhaps a VM that runs", "Stop that, or name another volume"],
  rights: ["may not be written by this user", "Go there as root, or give the user the right to write it"],
  "read-only": ["is read-only", "Name another volume"],
};

type Looked = {
  readonly path: string;
  readonly title: string;
  readonly sizeBytes: number;
  readonly ours: boolean;
};

/** One line of the answer. Pure. */
export function problemsOf(line: string, { path, title, sizeBytes, ours }: Looked): readonly Problem[] {
  const stop = (code: string, text: string, advice: string): readonly Problem[] => [
    { code, severity: "stops", text: `${path} on ${title} ${text}`, advice },
  ];
  if (line === "absent")
    return stop("destination-absent", "is not there", "Make the volume, or name one that is there");
  const match = /^size=(\d{1,15}) used=([a-z-]*) holds=(.*)$/.exec(line);
  if (line === "no-device" || match === null)
    return stop("destination-no-device", "is no block device", "Name a logical volume, partition or zvol");
  const [, sectors = "0", use = "", holds = ""] = match;
  const has = Number(sectors) * 512;
  const used = USES[use];
  if (used !== undefined) return stop("destination-in-use", used[0], used[1]);
  if (has < sizeBytes)
    return stop(
      "destination-full",
      `has ${formatBytes(has)}, the disk ${formatBytes(sizeBytes)}`,
      "Make the volume larger, or name another",
    );
  const what = holds.trim().replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
  if (what !== "" && !ours)
    return stop(
      "destination-exists",
      `holds something: ${what}`,
      "Name another volume; or give --replace, and what is on it is lost",
    );
  return [
    {
      code: "volume-overwritten",
      severity: "warns",
      text: `All that is on ${path} on ${title} is overwritten${what === "" ? "" : ` (${what})`}`,
      advice: "Look once more whether it is the right one",
    },
  ];
}
