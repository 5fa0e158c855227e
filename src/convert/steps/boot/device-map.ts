// SPDX-License-Identifier: Apache-2.0
// GRUB's device.map names disks of the old machine by id. grub-install does not need it: it asks the system.
import { isHardwareName } from "../../../core/index.ts";
import { step } from "../step.ts";
import { splitLines } from "../../text/lines.ts";

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
  },
);

/** `(hd0)	/dev/disk/by-id/ata-...` */
function namesOldDisk(line: string): boolean {
  const device = /^[ \t]*\(hd\d+\)[ \t]+([^ \t\r\n]+)/.exec(line)?.[1];
  return device !== undefined && isHardwareName(device);
}
