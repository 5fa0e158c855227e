// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine:
    "CentOS 7; rd.lvm.lv=fast/swap and resume=/dev/mapper/fast-swap name a group on a disk that is not given",
  right: "both words go, in the menu and its source: dracut would wait, and open an emergency shell",
  disks: ["sda.img"],
  check({ added }) {
    for (const path of ["/boot/grub2/grub.cfg", "/etc/default/grub"]) {
      const words = added(path).join("\n");
      assert.match(words, /crashkernel=auto rhgb quiet/);
      assert.doesNotMatch(words, /rd\.lvm|resume/);
    }
  },
});
