// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { renderMdadmConf, withoutCounts } from "./mdadm-conf.ts";

test("problem 13: mdadm.conf names arrays by UUID and looks on all disks", () => {
  const lost: string[] = [];
  assertEdit(
    (text) => renderMdadmConf(text, lost),
    "# mine\nDEVICE /dev/sda1 /dev/sd[bc]1 # two\nARRAY /dev/md0 devices=/dev/sda1,/dev/sdb1 UUID=1:2:3:4\nMAILADDR root\nDEVICE partitions\n",
    "# mine\nDEVICE partitions # two\nARRAY /dev/md0 UUID=1:2:3:4\nMAILADDR root\nDEVICE partitions\n",
  );
  assert.deepEqual(lost, []);
  const bare = "ARRAY /dev/md1 devices=/dev/sda2,/dev/sdb2\n";
  assert.equal(renderMdadmConf(bare, lost), bare);
  assert.deepEqual(lost, ["/dev/md1"]);
});

test("problem 13: no member of a mirror that is not sent is waited for", () => {
  assertEdit(
    withoutCounts,
    "ARRAY /dev/md0 level=raid1 num-devices=2 UUID=1:2:3:4\nARRAY /dev/md/1  metadata=1.2\n   spares=1 UUID=5:6:7:8\n# num-devices=2\nMAILADDR root\n",
    "ARRAY /dev/md0 level=raid1 UUID=1:2:3:4\nARRAY /dev/md/1  metadata=1.2\n   UUID=5:6:7:8\n# num-devices=2\nMAILADDR root\n",
  );
});
