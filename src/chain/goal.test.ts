// SPDX-License-Identifier: Apache-2.0
// A VM that comes up into a shell, or goes off again, is not up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bootable, debian, judge } from "../../tests/support/guests/bootable.ts";
import { CFG, edit } from "../../tests/support/guests/bootable-loaders.ts";

const UNITS = "/usr/lib/systemd/system";
const DEFAULT = "/etc/systemd/system/default.target";

function systemd(): Bootable {
  const system = debian();
  for (const name of ["multi-user", "graphical", "rescue", "emergency"])
    system.files[`${UNITS}/${name}.target`] = "[Unit]\n";
  system.files[`${UNITS}/default.target`] = { link: "graphical.target" };
  system.files["/lib"] = { link: "usr/lib" };
  delete system.files["/usr/sbin/update-initramfs"];
  for (const [path, file] of Object.entries(system.files))
    if (path.startsWith("/lib/")) {
      delete system.files[path];
      system.files[`/usr${path}`] = file;
    }
  system.files["/usr/bin/dracut"] = { content: "", mode: 0o755 };
  return system;
}

function sysv(level: string): Bootable {
  const system = debian();
  delete system.files["/usr/lib/systemd/systemd"];
  system.files["/sbin/init"] = { content: "\u007fELF\u0002\u0001\u0001", mode: 0o755 };
  system.files["/etc/inittab"] = `# id:3:initdefault:\nid:${level}:initdefault:\nsi::sysinit:/etc/rc\n`;
  return system;
}

async function initOf(system: Bootable, spoil: (system: Bootable) => void = () => {}): Promise<string> {
  spoil(system);
  const link = (await judge(system)).links.find(({ place }) => place === "init");
  return `${link?.verdict}: ${String(link?.why)}`;
}
const words = (more: string) => edit(CFG, "ro quiet", `ro ${more} quiet`);
const target =
  (link: string) =>
  (system: Bootable): void => {
    system.files[DEFAULT] = { link };
  };

test("default.target of systemd", async () => {
  assert.match(await initOf(systemd()), /^proven/);
  assert.match(await initOf(systemd(), target("/lib/systemd/system/multi-user.target")), /^proven/);
  assert.match(await initOf(systemd(), target("/gone/multi-user.target")), /^proven/, "found by its name");
  assert.match(
    await initOf(systemd(), target("/usr/lib/systemd/system/old.target")),
    /^broken: .*old\.target/,
  );
  assert.match(await initOf(systemd(), target("/dev/null")), /^broken: .*default\.target/);
  assert.match(await initOf(systemd(), target(`${UNITS}/rescue.target`)), /^broken: .*rescue\.target/);
  const none = (system: Bootable): void => void delete system.files[`${UNITS}/default.target`];
  assert.match(await initOf(systemd(), none), /^broken: .*default\.target/);
  assert.match(await initOf(debian()), /^proven/, "no units at all were seen: nothing is claimed");
});

test("words of the default entry that end in a shell", async () => {
  for (const word of [
    "systemd.unit=emergency.target",
    "systemd.unit=rescue.target",
    "single",
    "emergency",
    "1",
    "-b",
  ])
    assert.match(await initOf(systemd(), words(word)), /^broken: .*login/, word);
  assert.match(await initOf(systemd(), words("systemd.unit=gone.target")), /^broken: .*gone\.target/);
  for (const word of [
    "systemd.unit=multi-user.target",
    "3",
    "rd.systemd.unit=rescue.target",
    "systemd.unit=rescue",
    "single 5",
  ])
    assert.match(await initOf(systemd(), words(word)), /^proven/, word);
  assert.match(await initOf(systemd(), words("init=/bin/sh")), /^broken: .*init=\/bin\/sh/);
  assert.match(await initOf(systemd(), words("init=/sbin/init")), /^proven/);
  assert.match(await initOf(systemd(), words("rd.break=pre-mount")), /^broken: .*rd\.break/);
  assert.match(await initOf(debian(), words("break")), /^broken: .*break/);
});

test("inittab of SysV", async () => {
  assert.match(await initOf(sysv("3")), /^proven/);
  for (const level of ["0", "1", "6", "S"])
    assert.match(await initOf(sysv(level)), /^broken: .*inittab/, level);
  assert.match(await initOf(sysv("1"), words("3")), /^proven/);
  assert.match(await initOf(sysv("3"), words("single")), /^broken: .*single/);
});
