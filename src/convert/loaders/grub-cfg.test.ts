// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { editLinuxLines } from "./grub-cfg.ts";

test("editLinuxLines() sees entries in submenus and tells which load an initramfs", () => {
  const text =
    "menuentry 'a' {\n linux /vmlinuz root=x\n initrd /i\n}\nsubmenu 'b' {\n menuentry 'c' {\n  linux16 /vmlinuz-c\n }\n}\n";
  const seen: string[] = [];
  const out = editLinuxLines(text, ({ line, image, hasInitramfs }) => {
    seen.push(`${image} ${hasInitramfs}`);
    return line;
  });
  assert.equal(out, text);
  assert.deepEqual(seen, ["/vmlinuz true", "/vmlinuz-c false"]);
  const xen =
    "multiboot2 /xen.gz\nmodule2 /vmlinuz-5 placeholder root=/dev/sda1\nmodule2 --nounzip /initrd.img-5\n";
  assert.equal(
    editLinuxLines(xen, ({ line, hasInitramfs }) => (hasInitramfs ? line.replace("sda1", "X") : line)),
    xen.replace("sda1", "X"),
  );
});
