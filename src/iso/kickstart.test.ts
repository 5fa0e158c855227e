// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fedoraPackages, parseNames, renderKickstart } from "./kickstart.ts";
import { commonWords } from "./pxe.ts";
import { parsePackages } from "./recipe.ts";

test("the kickstart has every package by its name there, and each translated name is one that is listed", async () => {
  const listed = parsePackages(await readFile("livecd/packages", "utf8"));
  const names = parseNames(await readFile("livecd/kickstart/packages", "utf8"));
  for (const name of names.keys())
    assert.ok(
      listed.some((one) => one.name === name),
      name,
    );
  const packages = fedoraPackages(listed, names);
  assert.deepEqual(packages, [...new Set(packages)]);
  for (const name of ["kernel", "openssh-clients", "device-mapper", "qemu-img", "lvm2", "dialog"])
    assert.ok(packages.includes(name), name);
  for (const name of packages) assert.doesNotMatch(name, /-amd64|^firmware-|^-$/);
});

test("nothing of the source is put together by the kickstart's live system either", async () => {
  const template = await readFile("livecd/kickstart/virt-p2v.ks", "utf8");
  const words = commonWords(await readFile("livecd/boot/grub.cfg", "utf8"));
  const text = renderKickstart(template, { packages: ["kernel"], words });
  assert.doesNotMatch(text, /@[A-Z]+@|p2v\.medium/);
  assert.match(text, /^bootloader --append=".*noresume.*rd\.lvm=0 rd\.md=0/m);
  assert.match(text, /01-p2v-read-only\.rules/);
  const opened = text.match(/^%(packages|post)/gm)?.length;
  assert.equal(text.match(/^%end$/gm)?.length, opened);
});
