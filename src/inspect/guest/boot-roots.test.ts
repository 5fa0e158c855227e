// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { firstWord, readMenuRoots, readStartedUuids } from "./boot-roots.ts";

test("firstWord() reads the first entry of menus of all kinds, and no comment", () => {
  for (const [menu, root] of [
    [
      "# root=/dev/sda9\nset root='hd0,msdos1'\nlinux /vmlinuz root=UUID=ab-cd ro\nlinux /b root=UUID=ef\n",
      "UUID=ab-cd",
    ],
    ["search --no-floppy --fs-uuid --set=root ab-cd\n\tlinux /vmlinuz root=/dev/sda2 ro", "/dev/sda2"],
    ["title CentOS\n\troot (hd0,0)\n\tkernel /vmlinuz ro root=LABEL=/ quiet", "LABEL=/"],
    ['image=/vmlinuz\n\tlabel=l\n\troot="/dev/hda1"', "/dev/hda1"],
    ["options root=UUID=12 rootflags=subvol=@", "UUID=12"],
    ["kernelopts=root=/dev/mapper/cl-root ro", "/dev/mapper/cl-root"],
    ["linux /vmlinuz root=$root ro", null],
    ["", null],
  ] as const)
    assert.equal(firstWord(menu, "root"), root, menu);
});

test("menus and loaders are read from their usual places", async () => {
  const view = memoryView({
    "/boot/grub/grub.cfg": "linux /v root=UUID=one\n",
    "/boot/loader/entries/a.conf": "options root=UUID=two\n",
    "/boot/efi/EFI/debian/grub.cfg":
      "search.fs_uuid 1234-ABCD root hd0,gpt2 \nset prefix=($root)/boot/grub\n",
    "/boot/efi/EFI/fedora/grub.cfg": "search --no-floppy --fs-uuid --set=dev 11111111-2222\n",
  });
  assert.deepEqual(await readMenuRoots(view), ["UUID=one", "UUID=two"]);
  assert.deepEqual(await readStartedUuids(view), ["1234-ABCD", "11111111-2222"]);
});
