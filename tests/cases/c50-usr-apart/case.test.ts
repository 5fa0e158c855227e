// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine:
    "/usr on sda3, and /bin, /sbin and /lib are links into it: the root alone has no shell and no init",
  right: "Debian is recognized, /usr is read with it, and /dev/sda3 becomes a UUID",
  disks: ["disk.img"],
  check({ preview, added, problems }) {
    assert.equal(preview.guest?.id, "debian");
    assert.equal(preview.guest.arch, "x86_64", "the shell in /usr was read");
    assert.ok(
      preview.guest.kernels.some(({ has }) => has["virtio_blk"] === "builtin"),
      "its modules too",
    );
    assert.equal(preview.guest.mounts.find(({ path }) => path === "/usr")?.node, "disk:1/part:3/fs");
    assert.deepEqual(added("/etc/fstab"), [
      "UUID=11111111-aaaa-4bbb-8ccc-000000000004 /usr ext4 defaults 0 2",
    ]);
    assert.deepEqual(problems("not-converted"), []);
  },
});
