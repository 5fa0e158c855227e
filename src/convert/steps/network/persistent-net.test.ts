// SPDX-License-Identifier: Apache-2.0
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withoutSlotNames } from "./persistent-net.ts";

test("problem 3: names by slot are taken out of udev rules, names by address stay", () => {
  const byMac = 'SUBSYSTEM=="net", ATTR{address}=="52:54:00:12:34:56", NAME="eth0"\n';
  assertEdit(
    withoutSlotNames,
    `# rule\n${byMac}SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:04:01.0", \\\n  NAME="eth1"\nKERNEL=="sda", NAME="x"\n`,
    `# rule\n${byMac}# virt-p2v: a slot of the old machine; cards are named in 70-p2v-net.rules\n# SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:04:01.0", \\\n#   NAME="eth1"\nKERNEL=="sda", NAME="x"\n`,
  );
});

test("a name by what udev makes of the place is one by slot", () => {
  const text = 'SUBSYSTEM=="net", ENV{ID_NET_NAME_PATH}=="enp4s0", NAME="lan0"\n';
  assertEdit(
    withoutSlotNames,
    text,
    `# virt-p2v: a slot of the old machine; cards are named in 70-p2v-net.rules\n# ${text}`,
  );
});
