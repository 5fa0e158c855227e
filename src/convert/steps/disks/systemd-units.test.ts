// SPDX-License-Identifier: Apache-2.0
// Units of systemd: devices by stable names, swaps renamed with all that names them, and what is lost is reported.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { ROOT_UUID, SWAP_UUID } from "../../../../tests/support/guests/sample-guest.ts";
import { namesIn } from "../../../core/index.ts";
import { layeredView, type MemoryFile } from "../../../system/index.ts";
import { escapePath } from "../../text/unit-names.ts";
import { systemdUnits } from "./systemd-units.ts";

const SYSTEM = "/etc/systemd/system";
const SWAP = escapePath(`/dev/disk/by-uuid/${SWAP_UUID}`);
const ROOT = escapePath(`/dev/disk/by-uuid/${ROOT_UUID}`);

type Converted = { readonly files: Record<string, string | null>; readonly lost: readonly string[] };

async function convert(t: TestContext, units: Readonly<Record<string, MemoryFile>>): Promise<Converted> {
  const entries = Object.entries(units).map(([name, file]) => [`${SYSTEM}/${name}`, file] as const);
  const guest = await fakeGuest(t, { files: { "/etc/hostname": "web", ...Object.fromEntries(entries) } });
  const { changes, problems } = await proposeStep(systemdUnits, guest);
  const view = layeredView(guest.view, guest.blobs, changes);
  assert.deepEqual((await proposeStep(systemdUnits, { ...guest, view })).changes, [], "twice is once");
  const files: Record<string, string | null> = {};
  for (const { path, after } of changes)
    files[path.slice(SYSTEM.length + 1)] =
      after.kind === "link"
        ? `-> ${after.target}`
        : after.kind === "absent"
          ? null
          : await view.readText(path);
  return { files, lost: problems.flatMap((problem) => namesIn(problem, "device")) };
}

test("a mount unit and its drop-in name the volume by UUID, under their own names", async (t) => {
  const { files } = await convert(t, {
    "srv.mount": "[Mount]\n#What=/dev/sda1\nWhat = /dev/sda1\nWhere=/srv\n",
    "opt.mount.d/a.conf": "[Mount]\nWhat=/dev/sda1\n",
    "nfs.mount": "[Mount]\nWhat=nas:/export\nWhere=/nfs\n",
    "mnt.mount": "[Mount]\nWhat=/dev/disk/by-label/x\\x20y\nWhere=/mnt\n",
    "gone.mount": "[Mount]\nWhat=/dev/sdb1\nWhere=/gone\n",
  });
  const what = `/dev/disk/by-uuid/${ROOT_UUID}`;
  assert.deepEqual(files, {
    "srv.mount": `[Mount]\n#What=/dev/sda1\nWhat = ${what}\nWhere=/srv\n`,
    "opt.mount.d/a.conf": `[Mount]\nWhat=${what}\n`,
  });
});

test("a swap unit is renamed, with its drop-ins, the links that start it, and what others say of it", async (t) => {
  const { files } = await convert(t, {
    "dev-sda2.swap": "[Swap]\nWhat=/dev/sda2\n",
    "dev-sda2.swap.d/priority.conf": "[Swap]\nPriority=5\n",
    "swap.target.wants/dev-sda2.swap": { link: "../dev-sda2.swap" },
    "app.service":
      "[Unit]\nAfter=network.target dev-sda2.swap\n# dev-sda2.swap\n[Service]\nExecStart=/bin/dev-sda2.swap\n",
  });
  assert.deepEqual(files, {
    [`${SWAP}.swap`]: `[Swap]\nWhat=/dev/disk/by-uuid/${SWAP_UUID}\n`,
    "dev-sda2.swap": null,
    [`${SWAP}.swap.d/priority.conf`]: "[Swap]\nPriority=5\n",
    "dev-sda2.swap.d/priority.conf": null,
    [`swap.target.wants/${SWAP}.swap`]: `-> ../${SWAP}.swap`,
    "swap.target.wants/dev-sda2.swap": null,
    "app.service": `[Unit]\nAfter=network.target ${SWAP}.swap\n# dev-sda2.swap\n[Service]\nExecStart=/bin/dev-sda2.swap\n`,
  });
});

test("units that need a device: named anew where it is given, else reported; masked ones stay", async (t) => {
  const { files, lost } = await convert(t, {
    "a.service": "[Unit]\nBindsTo=dev-sda1.device\nAfter=systemd-fsck@dev-sda1.service\n",
    "b.service": "[Unit]\nRequires=dev-disk-by\\x2did-ata\\x2dX_1\\x2dpart1.device\nAfter=dev-sdc1.device\n",
    "c.service":
      "[Unit]\nAfter=dev-ttyS0.device\nRequires=dev-net-tun.device dev-mapper-vg\\x2dlv.device dev-disk-by\\x2dlabel-gone.device\n",
    "dev-sda2.swap": { link: "/dev/null" },
  });
  assert.deepEqual(files, {
    "a.service": `[Unit]\nBindsTo=${ROOT}.device\nAfter=systemd-fsck@${ROOT}.service\n`,
  });
  assert.deepEqual(lost, [
    "dev-disk-by\\x2did-ata\\x2dX_1\\x2dpart1.device",
    "dev-disk-by\\x2dlabel-gone.device",
  ]);
});
