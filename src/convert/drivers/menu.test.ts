// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear } from "../../../tests/support/growth.ts";
import { addGrubEntry, addLegacyEntry, addSyslinuxEntry, newBootEntry } from "./menu.ts";

const RELEASES = { from: "2.6.18-53.el5", to: "2.6.18-128.el5" };

test("GRUB legacy: the entry once more, in front and chosen; comments stay where they are", () => {
  const text = `# comment
default=1
timeout=5
title CentOS xen
	root (hd0,0)
	kernel /xen.gz-2.6.18-53.el5
	module /vmlinuz-2.6.18-53.el5xen ro
title CentOS (2.6.18-53.el5)
	root (hd0,0)
	kernel /vmlinuz-2.6.18-53.el5 ro root=LABEL=/
	initrd /initrd-2.6.18-53.el5.img`;
  const added = `title CentOS (2.6.18-128.el5)
	root (hd0,0)
	kernel /vmlinuz-2.6.18-128.el5 ro root=LABEL=/
	initrd /initrd-2.6.18-128.el5.img
`;
  const made = text.replace("default=1", "default=0").replace("title CentOS xen", `${added}title CentOS xen`);
  assert.equal(addLegacyEntry(text, RELEASES), made);
  assert.equal(addLegacyEntry(made, RELEASES), made);
  assert.equal(addLegacyEntry("default 0\ntitle other\nkernel /vmlinuz-1\n", RELEASES), null);
});

test("GRUB 2: out of a submenu too, as the first entry", () => {
  const entry = (release: string): string =>
    `menuentry 'Debian, with Linux ${release}' --class gnu {\n\tlinux\t/boot/vmlinuz-${release} root=UUID=1 ro\n\tinitrd\t/boot/initrd.img-${release}\n}\n`;
  const head =
    'if [ "${next_entry}" ] ; then\n   set default="${next_entry}"\nelse\n   set default="2"\nfi\n';
  const indented = entry(RELEASES.from).replaceAll(/^/gm, "\t").replace(/\t$/, "");
  const text = `${head}submenu 'Advanced' {\n${indented}}\n`;
  assert.equal(
    addGrubEntry(text, RELEASES),
    `${head.replace('"2"', '"0"')}${entry(RELEASES.to)}submenu 'Advanced' {\n${indented}}\n`,
  );
  const plain = "menuentry 'Debian' {\n linux /vmlinuz-2.6.18-53.el5 ro\n}\n";
  assert.equal(
    addGrubEntry(plain, RELEASES),
    `menuentry 'Linux 2.6.18-128.el5: Debian' {\n linux /vmlinuz-2.6.18-128.el5 ro\n}\n${plain}`,
  );
  assert.equal(addGrubEntry("menuentry 'x' {\n linux /vmlinuz-2.6.18-53.el5 ro\n", RELEASES), null);
});

test("extlinux: a label of its own is the default", () => {
  const text =
    "default l0\ntimeout 50\nlabel l0\n\tmenu label Debian, 2.6.18-53.el5\n\tmenu default\n\tlinux /vmlinuz-2.6.18-53.el5\n";
  assert.equal(
    addSyslinuxEntry(text, RELEASES),
    "default p2v-2.6.18-128.el5\ntimeout 50\nlabel p2v-2.6.18-128.el5\n\tmenu label Debian, 2.6.18-128.el5\n\tlinux /vmlinuz-2.6.18-128.el5\n" +
      "label l0\n\tmenu label Debian, 2.6.18-53.el5\n\tlinux /vmlinuz-2.6.18-53.el5\n",
  );
});

test("boot entries: a file of its own, and none for another kernel", () => {
  const text = "title Fedora (2.6.18-53.el5)\nversion 2.6.18-53.el5\nlinux /vmlinuz-2.6.18-53.el5\n";
  assert.deepEqual(newBootEntry({ path: "/boot/loader/entries/ab-2.6.18-53.el5.conf", text }, RELEASES), {
    path: "/boot/loader/entries/ab-2.6.18-128.el5.conf",
    text: text.replaceAll(RELEASES.from, RELEASES.to),
  });
  assert.equal(newBootEntry({ path: "/x.conf", text: text.replaceAll("-53", "-55") }, RELEASES), null);
});

test("a menu without end is walked once", async () => {
  await assertLinear("menus", (scale) => {
    assert.equal(addGrubEntry("menuentry {\n}\n".repeat(1000 * scale), RELEASES), null);
    assert.equal(addLegacyEntry("title x\n".repeat(1000 * scale), RELEASES), null);
    assert.equal(addGrubEntry(`menuentry ${"{ ".repeat(4000 * scale)}`, RELEASES), null);
  });
});
