// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { diskGraph, testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { readVolumes } from "../../names/volumes.ts";
import { renderMdadmConf, withoutCounts } from "./mdadm-conf.ts";

const UUID = "1b9c1a7c:9d2f6c60:2c0f6a3a:7b7c0d5e";

/** The sample's disk, whose swap partition is a member of an array instead. */
const volumes = (() => {
  const graph = diskGraph();
  const holds = { kind: "md-member", uuid: UUID.replaceAll(":", "-").toUpperCase() } as const;
  const nodes = graph.nodes.map((node) => (node.holds.kind === "swap" ? { ...node, holds } : node));
  return readVolumes(testGuestOS(), testIntent({ storage: { ...graph, nodes } }));
})();

test("problem 13: mdadm.conf names arrays by UUID and looks on all disks", () => {
  assertEdit(
    (text) => renderMdadmConf(text, volumes).text,
    "# mine\nDEVICE /dev/sda1 /dev/sd[bc]1 # two\nARRAY /dev/md0 devices=/dev/sda1,/dev/sdb1 UUID=1:2:3:4\nMAILADDR root\nDEVICE partitions\n",
    "# mine\nDEVICE partitions # two\nARRAY /dev/md0 UUID=1:2:3:4\nMAILADDR root\nDEVICE partitions\n",
  );
});

test("an entry goes over lines that begin with a blank", () => {
  assertEdit(
    (text) => renderMdadmConf(text, volumes).text,
    "ARRAY /dev/md0 UUID=1:2:3:4\n   devices=/dev/sda1,/dev/sdb1\n\n# x\nARR /dev/md1\n\tdevices=/dev/sda1\n\tuuid=5:6:7:8\nDEV /dev/sda1\n /dev/sdb1\n",
    "ARRAY /dev/md0 UUID=1:2:3:4\n\n# x\nARR /dev/md1\n\tuuid=5:6:7:8\nDEV partitions\n partitions\n",
  );
});

test("an array that is known by its disks alone gets the UUID that a given member has, or is reported", () => {
  const bare = "ARRAY /dev/md1 devices=/dev/sda2,/dev/sdb2\n";
  assert.deepEqual(renderMdadmConf(bare, volumes), { text: `ARRAY /dev/md1 UUID=${UUID}\n`, lost: [] });
  const other = "ARRAY /dev/md2\n  devices=/dev/sda1,/dev/sdb1\n";
  assert.deepEqual(renderMdadmConf(other, volumes), { text: other, lost: ["/dev/md2"] });
});

test("problem 13: no member of a mirror that is not sent is waited for", () => {
  assertEdit(
    withoutCounts,
    "ARRAY /dev/md0 level=raid1 num-devices=2 UUID=1:2:3:4\nARRAY /dev/md/1  metadata=1.2\n   spares=1 UUID=5:6:7:8\n# num-devices=2\nMAILADDR root\n",
    "ARRAY /dev/md0 level=raid1 UUID=1:2:3:4\nARRAY /dev/md/1  metadata=1.2\n   UUID=5:6:7:8\n# num-devices=2\nMAILADDR root\n",
  );
});
