// SPDX-License-Identifier: Apache-2.0
// What other problems have said of a file and a name: it is not said again. Pure.
import { mountsIn, namesIn, type Problem } from "../../core/index.ts";

/** Read at boot by inspection and steps, whose problems name the device without the file. */
const OF_STEPS =
  /^\/etc\/(?:fstab|crypttab|default\/grub|kernel\/|mdadm|initramfs-tools\/|mkinitcpio|dracut)|^\/boot\/|^\/etc\/systemd\/system\/[^/]*\.(?:mount|automount|swap)$/;

export type IsKnown = (path: string, name: string) => boolean;

export function knownFrom(problems: readonly Problem[]): IsKnown {
  const devices = new Set<string>();
  const files = new Map<string, ReadonlySet<string>>();
  for (const problem of problems) {
    const names = [
      ...namesIn(problem, "device"),
      ...mountsIn(problem).map(({ spec }) => spec),
      ...problem.about.flatMap((subject) =>
        subject.kind === "nic"
          ? [subject.name, subject.mac].filter((name) => name !== null)
          : subject.kind === "line"
            ? [subject.name]
            : [],
      ),
    ];
    for (const name of names) devices.add(bare(name));
    for (const subject of problem.about)
      if (subject.kind === "file" && subject.of === "guest")
        files.set(subject.path, new Set([...(files.get(subject.path) ?? []), ...names.map(bare)]));
  }
  return (path, name) => {
    const own = files.get(path);
    // A problem about the file as a whole covers all in it.
    if (own !== undefined && (own.size === 0 || own.has(bare(name)))) return true;
    return OF_STEPS.test(path) && devices.has(bare(name));
  };
}

/** `UUID=x`, `/dev/disk/by-uuid/x` and x are one. */
const bare = (name: string): string =>
  name
    .replace(/^(?:PART)?UUID=/i, "")
    .replace(/^\/dev\/disk\/by-(?:part)?uuid\//, "")
    .toLowerCase();
