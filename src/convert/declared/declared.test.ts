// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { declaredProblem } from "./declared.ts";

const NIX = "/etc/nixos/hardware-configuration.nix";
const READY = 'boot.initrd.availableKernelModules = [ "virtio_pci" "virtio_blk" ];\n';
const found = (text: string, refused: readonly string[] = [], id = "nixos") =>
  declaredProblem(memoryView({ [NIX]: text, "/etc/config.scm": text }), { id, refused });

test("NixOS with stable names and virtio needs no word, and other systems are none of it", async () => {
  assert.equal(await found(`${READY}fileSystems."/".device = "/dev/disk/by-uuid/x";\n# "/dev/sda1"\n`), null);
  assert.equal(await found('device = "/dev/sda1"', [], "debian"), null);
});

test("it warns of lines, of drivers and of what is not changed, and stops for fstab", async () => {
  const lines = await found(`${READY}boot.loader.grub.device = "/dev/sda";\n`);
  assert.equal(lines?.severity, "warns");
  assert.deepEqual(lines.about, [{ kind: "line", path: NIX, line: 2, name: "/dev/sda" }]);
  assert.match(String((await found("{ }"))?.text), /names no virtio/);
  assert.equal((await found(READY, ["/nix/store/x-etc/etc/fstab"]))?.severity, "stops");
  const guix = await found('(device "/dev/sda1") virtio_blk', [], "guix");
  assert.match(String(guix?.advice), /guix system reconfigure/);
});
