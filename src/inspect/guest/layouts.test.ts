// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { isTransactional, readLayout } from "./layouts.ts";

test("ostree is known by its deployments, wherever /boot lies, and by its words for hardware", async () => {
  const root = memoryView({
    "/ostree/deploy/fedora/deploy/0123.0/usr/lib/os-release": 'PRETTY_NAME="Fedora Silverblue 40"\n',
    "/ostree/repo/config": "",
  });
  assert.deepEqual(await readLayout(root), { kind: "ostree", title: "Fedora Silverblue 40", hardware: [] });
  const all = memoryView({
    "/ostree/repo/config": "",
    "/boot/loader/entries/ostree-1.conf": "options root=/dev/sda3 rd.luks.uuid=x resume=UUID=y ro\n",
  });
  assert.deepEqual((await readLayout(all))?.hardware, ["root=/dev/sda3"]);
  const boot = memoryView({ "/loader/entries/ostree-1.conf": "options root=UUID=x resume=/dev/nvme0n1p3\n" });
  assert.deepEqual(await readLayout(boot), {
    kind: "ostree",
    title: null,
    hardware: ["resume=/dev/nvme0n1p3"],
  });
  assert.equal(await readLayout(memoryView({ "/home/x": "", "/loader/entries/arch.conf": "" })), null);
});

test("Ubuntu Core and read-only snapshots are known", async () => {
  const core = await readLayout(memoryView({ "/system-data/var/lib/snapd/state.json": "{}" }));
  assert.equal(core?.kind, "ubuntu-core");
  const micro = (options: string): Promise<boolean> =>
    isTransactional(
      memoryView({
        "/usr/sbin/transactional-update": "",
        "/etc/fstab": `UUID=1 / btrfs ${options} 0 0\n`,
      }),
    );
  assert.deepEqual([await micro("ro"), await micro("defaults")], [true, false]);
});
