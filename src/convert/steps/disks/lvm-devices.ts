// SPDX-License-Identifier: Apache-2.0
// LVM's devices file (RHEL 9 and relatives) lists by serial number the disks that LVM may use. Without it LVM uses all
// (lvmdevices(8)); `vgimportdevices -a` in the VM makes a new one.
import { step } from "../step.ts";

const DIRECTORY = "/etc/lvm/devices";

export const lvmDevices = step(
  {
    name: "lvm-devices",
    explains: "Removes LVM's devices file, which allows only disks of the old machine",
  },
  async ({ draft }) => {
    const path = `${DIRECTORY}/system.devices`;
    if (namesDisks((await draft.read(path, { severity: "stops" })) ?? ""))
      await draft.remove(path, {
        why: "It lists disks of the old machine by serial number: LVM would find no volume in the VM",
      });
  },
);

/** A line for each device: `IDTYPE=sys_wwid IDNAME=naa.5000... DEVNAME=/dev/sda2 PVID=... PART=2`. Pure. */
function namesDisks(text: string): boolean {
  return /^[ \t]*IDTYPE=/m.test(text);
}
