// SPDX-License-Identifier: Apache-2.0
// What a system is by its files, of every age.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import {
  looksLikeRoot,
  parseElfMachine,
  parseOsRelease,
  parseReleaseLine,
  readIdentity,
} from "./identity.ts";

test("readIdentity() knows distributions of before os-release", async () => {
  const cases: readonly (readonly [string, string, string, string, string])[] = [
    ["/etc/redhat-release", "CentOS release 6.10 (Final)\n", "centos", "6.10", "redhat"],
    [
      "/etc/redhat-release",
      "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n",
      "rhel",
      "5.11",
      "redhat",
    ],
    ["/etc/redhat-release", "Fedora release 14 (Laughlin)\n", "fedora", "14", "redhat"],
    [
      "/etc/SuSE-release",
      "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
      "sles",
      "11.4",
      "suse",
    ],
    ["/etc/SuSE-release", "openSUSE 11.4 (i586)\nVERSION = 11.4\n", "opensuse", "11.4", "suse"],
    ["/etc/debian_version", "6.0.10\n", "debian", "6.0.10", "debian"],
    ["/etc/alpine-release", "2.7.9\n", "alpine", "2.7.9", "alpine"],
  ];
  for (const [path, text, ...expected] of cases) {
    const { id, version, family } = await readIdentity(memoryView({ [path]: text }));
    assert.deepEqual([id, version, family], expected, text);
  }
  const ubuntu = await readIdentity(
    memoryView({
      "/etc/debian_version": "squeeze/sid\n",
      "/etc/lsb-release":
        'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_DESCRIPTION="Ubuntu 10.04.4 LTS"\n',
    }),
  );
  assert.deepEqual(
    [ubuntu.id, ubuntu.version, ubuntu.family, ubuntu.title],
    ["ubuntu", "10.04", "debian", "Ubuntu 10.04.4 LTS"],
  );
});

test("readIdentity() finds the family by likeness, and generic for what is left", async () => {
  const of = async (text: string): Promise<string> =>
    (await readIdentity(memoryView({ "/usr/lib/os-release": text }))).family;
  assert.equal(await of('ID=hannah\nID_LIKE="ubuntu debian"\n'), "debian");
  assert.equal(await of('ID="opensuse-slowroll"\nID_LIKE="opensuse suse"\n'), "suse");
  assert.equal(await of("ID=gentoo\n"), "generic");
});

test("readIdentity() tells what starts the system and what makes its initramfs", async () => {
  const init = async (files: Parameters<typeof memoryView>[0]): Promise<string> =>
    (await readIdentity(memoryView(files))).init;
  assert.equal(
    await init({ "/sbin/init": { link: "/lib/systemd/systemd" }, "/lib/systemd/systemd": "x" }),
    "systemd",
  );
  assert.equal(await init({ "/sbin/init": "x", "/sbin/initctl": "x", "/etc/init/rc.conf": "x" }), "upstart");
  assert.equal(
    await init({ "/sbin/init": { link: "/bin/busybox" }, "/bin/busybox": "x", "/sbin/openrc": "x" }),
    "openrc",
  );
  assert.equal(await init({ "/sbin/init": "x", "/etc/inittab": "id:2:initdefault:\n" }), "sysv");
  assert.equal(await init({}), "unknown");
  const tool = async (...paths: string[]): Promise<string> =>
    (await readIdentity(memoryView(Object.fromEntries(paths.map((path) => [path, "x"]))))).initramfsTool;
  assert.equal(await tool("/usr/sbin/mkinitramfs", "/usr/bin/dracut"), "initramfs-tools");
  assert.equal(await tool("/sbin/mkinitrd", "/usr/bin/dracut"), "dracut");
  assert.equal(await tool("/sbin/mkinitrd"), "mkinitrd");
  assert.equal(await tool("/usr/bin/booster"), "booster");
  assert.equal(await tool("/usr/sbin/mktirfs"), "tiny-initramfs");
  assert.equal(await tool(), "generic");
});

test("parseOsRelease() takes each kind of quote, and nothing else", () => {
  const text = `ID=debian\nNAME="A \\"B\\" \\$C"\nVERSION='12 (x)'\nBAD="open\nlower=1\n# NO=1\n`;
  assert.deepEqual(
    [...parseOsRelease(text)],
    [
      ["ID", "debian"],
      ["NAME", 'A "B" $C'],
      ["VERSION", "12 (x)"],
    ],
  );
  assert.equal(parseReleaseLine("bookworm/sid", "/etc/debian_version").title, "Debian bookworm/sid");
});

test("parseElfMachine() reads both byte orders", () => {
  const elf = (order: number, machine: readonly [number, number]): Uint8Array =>
    Uint8Array.from([
      0x7f,
      0x45,
      0x4c,
      0x46,
      2,
      order,
      1,
      ...Array.from({ length: 11 }, () => 0),
      ...machine,
    ]);
  assert.equal(parseElfMachine(elf(1, [62, 0])), "x86_64");
  assert.equal(parseElfMachine(elf(1, [183, 0])), "aarch64");
  assert.equal(parseElfMachine(elf(2, [0, 22])), "s390x");
  assert.equal(parseElfMachine(elf(1, [21, 0])), "ppc64le");
  assert.equal(parseElfMachine(Buffer.from("#!/bin/sh\nexit 0; padding")), null);
});

test("looksLikeRoot() wants an identity and something to start", async () => {
  assert.equal(await looksLikeRoot(memoryView({ "/etc/fstab": "", "/sbin/init": "x" })), true);
  assert.equal(
    await looksLikeRoot(memoryView({ "/usr/lib/os-release": "", "/usr/lib/systemd/systemd": "x" })),
    true,
  );
  assert.equal(await looksLikeRoot(memoryView({ "/etc/fstab": "" })), false);
  assert.equal(await looksLikeRoot(memoryView({ "/sbin/init": "x", "/vmlinuz-6.1": "x" })), false);
});
