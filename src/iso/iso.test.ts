// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { UserError } from "../core/index.ts";
import { readEpoch } from "./build.ts";
import { cacheDirectory, recipeHash } from "./cache.ts";
import { closeOver, findModules, parseModuleDependencies, parseModuleList } from "./initramfs.ts";
import { mediumDate, mediumUuid, renderEfiMenu, renderMenu, renderXorriso } from "./medium.ts";
import { checkPublicKeys } from "./program.ts";
import { checkPackageNames, checkSuite, parsePackages } from "./recipe.ts";

const refused = (code: string) => (error: unknown) =>
  error instanceof UserError && error.area === "usage" && error.code === code && error.advice !== "";

test("every package on the live CD has a reason, and is listed once", async () => {
  const packages = parsePackages(await readFile("livecd/packages", "utf8"));
  const names = packages.map(({ name }) => name);
  assert.ok(names.length > 40);
  assert.deepEqual(names, [...new Set(names)]);
  assert.deepEqual(
    packages.filter(({ why }) => why.length < 3),
    [],
  );
  assert.deepEqual(new Set(packages.map(({ part }) => part)), new Set(["system", "boot", "firmware"]));
  for (const forbidden of ["live-boot", "udisks2", "os-prober"]) assert.ok(!names.includes(forbidden));
});

test("a line without a reason is named by its number", () => {
  assert.throws(() => parsePackages("# x\n[system]\nlvm2\n"), /line 3/);
});

test("what the user names is checked before anything is built", () => {
  assert.throws(() => checkPackageNames(["htop", "--option=x"]), refused("package-wrong"));
  assert.throws(() => checkSuite("../etc"), refused("suite-wrong"));
  assert.throws(() => readEpoch("now"), refused("epoch-wrong"));
  assert.equal(readEpoch("1700000000"), 1_700_000_000);
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me@here";
  assert.equal(checkPublicKeys("id.pub", `# mine\n${key}\n`), `${key}\n`);
  const secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n";
  assert.throws(() => checkPublicKeys("id", secret), refused("ssh-key-wrong"));
  assert.throws(() => checkPublicKeys("empty", "\n"), refused("ssh-key-wrong"));
});

test("modules are wanted by name or directory, and bring what they depend on", () => {
  const depends = parseModuleDependencies(
    "kernel/drivers/ata/ahci.ko.xz: kernel/drivers/ata/libata.ko.xz\nkernel/drivers/ata/libata.ko.xz: kernel/lib/x.ko.xz\nkernel/lib/x.ko.xz:\nkernel/fs/y.ko.xz:\n",
  );
  const all = [...depends.keys()];
  assert.deepEqual(closeOver(findModules(["drivers/ata/ahci"], all), depends), [
    "kernel/drivers/ata/ahci.ko.xz",
    "kernel/drivers/ata/libata.ko.xz",
    "kernel/lib/x.ko.xz",
  ]);
  assert.deepEqual(findModules(["drivers/ata"], all).length, 2);
  assert.throws(() => findModules(["fs/isofs"], all), /has no fs\/isofs/);
  assert.deepEqual(parseModuleList("# a\n\nfs/y\n"), ["fs/y"]);
});

test("the medium's UUID comes from its contents and is a date", () => {
  const date = mediumDate("ab".repeat(32));
  assert.match(date, /^2026(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])([01]\d|2[0-3])[0-5]\d[0-5]\d\d\d$/);
  assert.notEqual(date, mediumDate("ac".repeat(32)));
  assert.equal(mediumUuid("2026013112595900"), "2026-01-31-12-59-59-00");
});

test("every menu entry of our system names the medium and leaves the disks alone", async () => {
  const menu = renderMenu(await readFile("livecd/boot/grub.cfg", "utf8"), {
    date: "2026013112595900",
    parameters: "p2v.toram=no",
  });
  assert.match(menu, /p2v\.medium=2026013112595900 vsyscall=emulate noresume/);
  assert.doesNotMatch(menu, /@/);
  const lines = menu.split("\n").filter((line) => line.includes("linux "));
  assert.ok(lines.length >= 3);
  for (const line of lines) assert.match(line, /\$common .*p2v\.toram=no$/);
  assert.match(renderEfiMenu("2026013112595900"), /--fs-uuid --set=root 2026-01-31-12-59-59-00\n/);
});

test("the image starts from CD and stick: two El Torito images, an MBR, an appended EFI partition", () => {
  const argv = renderXorriso({ tree: "/t", esp: "/e", hybrid: "/h", date: "2026013112595900", out: "/o" });
  const text = argv.join(" ");
  assert.match(
    text,
    /-b \/boot\/grub\/eltorito\.img .*-eltorito-alt-boot -e --interval:appended_partition_2/,
  );
  assert.match(text, /--mbr-force-bootable .*--grub2-mbr \/h -append_partition 2 28732ac1\w+ \/e /);
  assert.match(text, /--modification-date=2026013112595900/);
});

test("the cache goes by the recipe", () => {
  assert.notEqual(recipeHash({ a: 1 }), recipeHash({ a: 2 }));
  assert.equal(cacheDirectory({ P2V_CACHE: "/c" }), "/c");
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/x" }), "/x/virt-p2v");
});
