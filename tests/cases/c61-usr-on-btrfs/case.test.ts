// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "root and /usr are subvolumes of one btrfs, @ and @usr, and the directories are merged",
  right: "the root is recognized in its subvolume, and /usr is read with it",
  disks: ["disk.img"],
  check({ code, preview }) {
    assert.equal(code, 0);
    assert.equal(preview.guest?.arch, "x86_64", "the shell in /usr was read");
    assert.equal(preview.guest.init, "systemd");
    assert.deepEqual(preview.guest.subvolumes?.[0]?.paths, ["@", "@usr"]);
    assert.ok(preview.guest.kernels.some(({ has }) => has["virtio_blk"] === "builtin"));
  },
});
