// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { testGuestOS } from "../../../../tests/support/guests/sample-guest.ts";
import { lilo } from "./lilo.ts";

const CONF = "boot=/dev/sda\nroot = /dev/sda1\n# root=/dev/sdz1\nimage=/boot/vmlinuz\n\tlabel=linux\n";

test("LILO is reported with its devices, unless another loader has a menu", async (t) => {
  const codes = async (loader: string, text: string): Promise<readonly unknown[]> => {
    const guest = testGuestOS({ loader });
    const { problems } = await proposeStep(
      lilo,
      await fakeGuest(t, { files: { "/etc/lilo.conf": text }, guest }),
    );
    return problems.map(({ about }) => about.map((one) => (one.kind === "device" ? one.name : one.kind)));
  };
  assert.deepEqual(await codes("generic", CONF), [["file", "/dev/sda", "/dev/sda1"]]);
  assert.deepEqual(await codes("grub2", CONF), []);
  assert.deepEqual(await codes("generic", "# nothing\n"), []);
});
