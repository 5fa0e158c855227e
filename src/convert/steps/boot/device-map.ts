// SPDX-License-Identifier: Apache-2.0
// GRUB's device.map names disks of the old machine by id. grub-install does not need it: it asks the system.
import { isHardwareName, makeProblem, named } from "../../../core/index.ts";
import { step } from "../step.ts";
import { splitLines } from "../../text/lines.ts";

const DEBCONF = "/var/cache/debconf/config.dat";

export const deviceMap = step(
  {
    name: "device-map",
    explains: "Removes disks of the old machine from GRUB's device.map",
  },
  async ({ draft }) => {
    for (const path of ["/boot/grub/device.map", "/boot/grub2/device.map"]) {
      const text = await draft.read(path);
      if (text === null) continue;
      const kept = splitLines(text).filter((line) => !namesOldDisk(line));
      const why = "It names disks that the VM does not have; grub-install finds the VM's disks by itself";
      if (kept.every((line) => line.trim() === "") && text.trim() !== "") await draft.remove(path, { why });
      else await draft.edit(path, { why, edit: () => kept.join("") });
    }
    const device = installDevice((await draft.read(DEBCONF, { severity: "notes" })) ?? "");
    if (device !== null)
      draft.problem(
        makeProblem("grub-install-device", {
          about: [...named("device", device), ...named("package", "grub-pc")],
          text: `The package grub-pc remembers ${device} as the disk to install GRUB on`,
          advice: "In the VM run once: dpkg-reconfigure grub-pc, and choose its first disk",
        }),
      );
  },
);

/** `(hd0)	/dev/disk/by-id/ata-...` */
function namesOldDisk(line: string): boolean {
  const device = /^[ \t]*\(hd\d+\)[ \t]+([^ \t\r\n]+)/.exec(line)?.[1];
  return device !== undefined && isHardwareName(device);
}

/** Debconf's answer to grub-pc/install_devices, where it names hardware. */
export function installDevice(config: string): string | null {
  const at = config.indexOf("Name: grub-pc/install_devices\n");
  if (at === -1) return null;
  const stanza = config.slice(at, at + 2000).split("\n\n")[0] ?? "";
  const value = /^Value: (.+)$/m.exec(stanza)?.[1] ?? "";
  return value.split(/[ ,]+/).find((name) => isHardwareName(name)) ?? null;
}
