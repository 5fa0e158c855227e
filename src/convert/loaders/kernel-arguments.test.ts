// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { kernelArguments } from "./kernel-arguments.ts";

const kernel = { image: "/boot/vmlinuz-6.1", rootUuid: "aa-bb" };

test("kernelArguments() takes those of the first entry with that kernel", async () => {
  const menu = [
    "menuentry 'old' {\n\tlinux /boot/vmlinuz-5.10 root=UUID=old ro\n}",
    "menuentry 'new' {\n\tlinux\t/boot/vmlinuz-6.1 root=UUID=cc ro  quiet console=ttyS0,115200\n}",
    "menuentry 'rescue' {\n\tlinux /boot/vmlinuz-6.1 root=UUID=cc ro single\n}",
  ].join("\n");
  assert.equal(
    await kernelArguments(memoryView({ "/boot/grub/grub.cfg": menu }), kernel),
    "root=UUID=cc ro quiet console=ttyS0,115200",
  );
  const own = "linux /vmlinuz-6.1 root=UUID=cc ro\n"; // /boot is a file system of its own
  assert.equal(await kernelArguments(memoryView({ "/boot/grub2/grub.cfg": own }), kernel), "root=UUID=cc ro");
});

test("kernelArguments() reads Boot Loader Specification entries, without GRUB's variables", async () => {
  const entry = "title x\nlinux /vmlinuz-6.1\noptions root=UUID=cc ro $tuned_params rhgb\n";
  assert.equal(
    await kernelArguments(memoryView({ "/boot/loader/entries/a.conf": entry }), kernel),
    "root=UUID=cc ro rhgb",
  );
  const variable = "linux /vmlinuz-6.1\noptions $kernelopts\n";
  assert.equal(
    await kernelArguments(memoryView({ "/boot/loader/entries/a.conf": variable }), kernel),
    "root=UUID=aa-bb",
  );
});

test("kernelArguments() without a menu mounts the root read-only, as every menu does", async () => {
  assert.equal(await kernelArguments(memoryView({}), kernel), "root=UUID=aa-bb ro");
});
