// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { ROOT_UUID, SWAP_UUID } from "../../../../tests/support/guests/sample-guest.ts";
import { namesIn } from "../../../core/index.ts";
import { layeredView } from "../../../system/index.ts";
import { bootFiles } from "./boot-files.ts";

const [ROOT, SWAP] = [`/dev/disk/by-uuid/${ROOT_UUID}`, `/dev/disk/by-uuid/${SWAP_UUID}`];

test("devices in further files of the boot get stable names; what is not given, or would be written over, is reported", async (t) => {
  const files = {
    "/etc/veritytab": "# /dev/sda1\nusr /dev/sda1 /dev/sda2 4392712ba01368efdf14b05c76f9e4df\n",
    "/etc/uswsusp.conf": "# x\nresume device = /dev/sda2\nimage size = 3\n",
    "/etc/conf.d/dmcrypt":
      "swap=crypt-swap\nsource='/dev/sda1'\ntarget=home\nsource='/dev/sda1'\nremdev=/dev/sdb1\n",
    "/etc/kdump.conf": "ext4 /dev/sda1\npath /dev/sda1/crash\nnfs nas:/x\n",
    "/etc/dracut.conf.d/x.conf":
      'add_device+=" /dev/sda1 /dev/mapper/vg-lv "\ninstall_items+=" /dev/sda1 "\n',
  };
  const guest = await fakeGuest(t, { files });
  const { changes, problems } = await proposeStep(bootFiles, guest);
  const view = layeredView(guest.view, guest.blobs, changes);
  assert.deepEqual((await proposeStep(bootFiles, { ...guest, view })).changes, [], "twice is once");
  const text = (path: string): Promise<string | null> => view.readText(path);
  assert.equal(
    await text("/etc/veritytab"),
    files["/etc/veritytab"].replace("r /dev/sda1 /dev/sda2", `r ${ROOT} ${SWAP}`),
  );
  assert.equal(await text("/etc/uswsusp.conf"), files["/etc/uswsusp.conf"].replace("/dev/sda2", SWAP));
  assert.equal(
    await text("/etc/conf.d/dmcrypt"),
    `swap=crypt-swap\nsource='/dev/sda1'\ntarget=home\nsource='${ROOT}'\nremdev=/dev/sdb1\n`,
    "a file system is no swap",
  );
  assert.equal(await text("/etc/kdump.conf"), `ext4 ${ROOT}\npath /dev/sda1/crash\nnfs nas:/x\n`);
  assert.equal(
    await text("/etc/dracut.conf.d/x.conf"),
    `add_device+=" ${ROOT} /dev/mapper/vg-lv "\ninstall_items+=" /dev/sda1 "\n`,
  );
  assert.deepEqual(
    problems.map((problem) => [problem.code, ...namesIn(problem, "device")]),
    [["file-not-given", "/dev/sda1", "/dev/sdb1"]],
  );
});
