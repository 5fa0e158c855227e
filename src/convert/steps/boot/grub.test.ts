// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, proposeStep, textAfter } from "../../../../tests/support/guests/convert-guest.ts";
import { ROOT_UUID } from "../../../../tests/support/guests/sample-guest.ts";
import { grub } from "./grub.ts";

test("words that go make room for longer names in an environment block", async (t) => {
  const path = "/boot/grub2/grubenv";
  const head =
    "# GRUB Environment Block\nkernelopts=root=/dev/sda1 rd.lvm.lv=gone/swap rd.lvm.lv=gone/other ";
  const block = `${head}${"x".repeat(1024 - head.length - 1)}\n`;
  const guest = await fakeGuest(t, { files: { [path]: block } });
  const { changes, problems } = await proposeStep(grub, guest);
  const text = await textAfter(changes, path, guest.blobs);
  assert.equal(text.length, 1024);
  assert.match(text, new RegExp(`\nkernelopts=root=UUID=${ROOT_UUID} x+\n`));
  assert.deepEqual(problems, []);
});
