// SPDX-License-Identifier: Apache-2.0
// Further files that are read at boot and name devices, each by the program that reads it. All take a path below /dev/disk.
import { guestFiles, isHardwareName, makeProblem, mayBeOverwritten, named } from "../../../core/index.ts";
import { filesIn } from "../../loaders/command-lines.ts";
import { linkOf, readVolumes, type Volumes } from "../../names/volumes.ts";
import { MAX_LINE, mapLines } from "../../text/lines.ts";
import { step } from "../step.ts";

type BootFile = {
  readonly paths: readonly string[];
  /** Files in these directories too. */
  readonly within?: readonly string[];
  /** Lines that name devices; the devices are whatever words in them are such. */
  readonly line: RegExp;
  /** A line after which the next device is written anew at each boot. */
  readonly loses?: RegExp;
};

const FILES: readonly BootFile[] = [
  // veritytab(5), integritytab(5)
  { paths: ["/etc/veritytab", "/etc/integritytab"], line: /^[ \t]*[^#\s]/ },
  // uswsusp.conf(5); SUSE's package suspend
  { paths: ["/etc/uswsusp.conf", "/etc/suspend.conf"], line: /^[ \t]*resume device\b/ },
  // OpenRC's dmcrypt, of Gentoo and Alpine: its own comments describe it
  { paths: ["/etc/conf.d/dmcrypt"], line: /^[ \t]*(?:source|remdev)=/, loses: /^[ \t]*swap=/ },
  // SUSE before crypttab: cryptotab(5)
  { paths: ["/etc/cryptotab"], line: /^[ \t]*[^#\s]/ },
  // kdump.conf(5)
  { paths: ["/etc/kdump.conf"], line: /^[ \t]*(?:ext[234]|xfs|btrfs|minix|raw|dump_to)[ \t]/ },
  // dracut.conf(5)
  { paths: ["/etc/dracut.conf"], within: ["/etc/dracut.conf.d"], line: /^[ \t]*add_device\+?=/ },
];

const MAX_PROBLEMS = 20;

export const bootFiles = step(
  {
    name: "boot-files",
    explains:
      "Names devices by UUID in further files that are read at boot: veritytab, uswsusp.conf, OpenRC's dmcrypt, kdump.conf",
  },
  async ({ guest, intent, view, draft }) => {
    const volumes = readVolumes(guest, intent);
    let problems = 0;
    for (const file of FILES) {
      const more = await Promise.all((file.within ?? []).map((path) => filesIn(view, path, [".conf"])));
      for (const path of [...file.paths, ...more.flat()]) {
        let lost: readonly string[] = [];
        await draft.edit(path, {
          why: "Disks have other names in the VM; the UUID is the same everywhere",
          edit(text) {
            const edited = editBootFile(text, file, volumes);
            lost = edited.lost;
            return edited.text;
          },
        });
        if (lost.length > 0 && (problems += 1) <= MAX_PROBLEMS)
          draft.problem(
            makeProblem("file-not-given", {
              about: [...named("device", ...lost), ...guestFiles(path)],
              text: `${path} names ${lost.join(" and ")}, and no volume of the given disks can be named in its place`,
              advice: "Give that disk too, or correct the line in the VM",
            }),
          );
      }
    }
  },
);

const DEVICE = /(?<=^|[\s"'=])\/dev\/[^\s"',;]{1,255}/g;

function editBootFile(
  text: string,
  { line: names, loses }: Pick<BootFile, "line" | "loses">,
  volumes: Volumes,
): { readonly text: string; readonly lost: readonly string[] } {
  const lost = new Set<string>();
  let isLost = false;
  const edited = mapLines(text, (line) => {
    if (line.length > MAX_LINE) return line;
    if (loses?.test(line) === true) isLost = true;
    else if (/^[ \t]*target=/.test(line)) isLost = false;
    if (!names.test(line)) return line;
    return line.replace(DEVICE, (device) => {
      if (!isHardwareName(device)) return device;
      const found = volumes.named(device);
      const mayName = found.kind === "volume" && (!isLost || mayBeOverwritten(found.node));
      const link = mayName ? linkOf(found, volumes) : null;
      if (link === null) lost.add(device);
      return link ?? device;
    });
  });
  return { text: edited, lost: [...lost] };
}
