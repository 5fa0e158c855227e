// SPDX-License-Identifier: Apache-2.0
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { renderAliases } from "./modprobe-aliases.ts";

test("modprobe: ethN and the first adapter get the VM's drivers, bonds and the rest stay", () => {
  assertEdit(
    (text) => renderAliases(text, { net: "virtio_net", block: "virtio_blk" }, { adapter: false }),
    "alias eth0 e1000e\nalias\teth1  tg3 # back\nalias bond0 bonding\nalias eth9 off\nalias scsi_hostadapter mptbase\nalias scsi_hostadapter1 mptsas\noptions tg3 x=1\n",
    "alias eth0 virtio_net\nalias\teth1  virtio_net # back\nalias bond0 bonding\nalias eth9 off\nalias scsi_hostadapter virtio_blk\n# virt-p2v: not in the VM: alias scsi_hostadapter1 mptsas\noptions tg3 x=1\n",
  );
});
