// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withoutSlotLink } from "./link-files.ts";

test("problem 3: names by slot are taken out of .link files, names by address stay", () => {
  assertEdit(
    withoutSlotLink,
    "[Match]\nPath=pci-0000:02:00.0\n[Link]\nName=lan0\nMTUBytes=9000\n",
    "[Match]\nPath=pci-0000:02:00.0\n[Link]\n# virt-p2v: cards are named in 10-p2v-*.link\n# Name=lan0\nMTUBytes=9000\n",
  );
  for (const same of [
    "[Match]\nMACAddress=52:54:00:12:34:56\nDriver=tg3\n[Link]\nName=a\n",
    "[Match]\nDriver=virtio*\n[Link]\nName=a\n",
  ])
    assert.equal(withoutSlotLink(same), same);
});
