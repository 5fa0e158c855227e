// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import {
  findCommand,
  liveSettings,
  parseAnswerFile,
  parseCommandLine,
  parseKernelCommandLine,
} from "./index.ts";

test("words of the kernel command line, with quotes", () => {
  assert.deepEqual(parseKernelCommandLine('quiet a.b="c d" x=y=z\n'), [
    ["quiet", ""],
    ["a.b", "c d"],
    ["x", "y=z"],
  ]);
});

test("parameters become arguments that migrate understands", () => {
  const live = liveSettings(
    "quiet p2v.medium=2026 p2v.unattended p2v.to=ssh://root@h/vms p2v.name=web p2v.no_boot_check p2v.disk=/dev/sda,/dev/sdb p2v.host-key=SHA256:abc p2v.post=poweroff",
  );
  assert.equal(live.unattended, true);
  assert.equal(live.hostKey, "SHA256:abc");
  assert.equal(live.post, "poweroff");
  assert.equal(live.mode, "migrate");
  const given = parseCommandLine(findCommand("migrate"), live.migrate);
  assert.equal(given.one("to"), "ssh://root@h/vms");
  assert.equal(given.one("name"), "web");
  assert.equal(given.flag("no-boot-check"), true);
  assert.deepEqual(given.many("disk"), ["/dev/sda", "/dev/sdb"]);
});

test("the names of the C virt-p2v are understood", () => {
  const { migrate, unattended, identity } = liveSettings(
    "p2v.server=fd00::1 p2v.port=2222 p2v.username=joe p2v.os=/data p2v.of=qcow2 p2v.disks=sda,sdb p2v.memory=4G p2v.vcpu.cores=4 p2v.vcpu.sockets=2 p2v.identity=http://h/key p2v.skip_test_connection",
  );
  assert.equal(unattended, false);
  assert.equal(identity, "http://h/key");
  const given = parseCommandLine(findCommand("migrate"), migrate);
  assert.equal(given.one("to"), "ssh://joe@[fd00::1]:2222/data");
  assert.equal(given.one("format"), "qcow2");
  assert.equal(given.one("memory"), "4G");
  assert.equal(given.one("vcpus"), "8");
  assert.deepEqual(given.many("disk"), ["/dev/sda", "/dev/sdb"]);
});

test("a parameter that makes no sense is named", () => {
  for (const [text, key] of [
    ["p2v.nonsense=1", "nonsense"],
    ["p2v.name=", "name"],
    ["p2v.unattended=perhaps", "unattended"],
    ["p2v.post=explode", "post"],
    ["p2v.mode=perhaps", "mode"],
    ["p2v.post=local p2v.start", "post"],
    ["p2v.server=h p2v.os=pool", "os"],
    ["p2v.disks=../x", "disks"],
    ["p2v.vcpu.cores=0", "vcpu"],
  ] as const)
    assert.throws(
      () => liveSettings(text),
      (error) => error instanceof UserError && error.message.includes(`p2v.${key}`) && error.advice !== "",
      text,
    );
});

test("the kernel command line stands above an answer file, lists and switches too", () => {
  const { defaults } = parseAnswerFile(
    "defaults: {to: 'dir:/f', name: f, disk: [/dev/a, /dev/b], vcpus: 2, replace: true, post: reboot, onfail: poweroff}",
    "f",
  );
  const line =
    "p2v.disks=sdc p2v.replace=no p2v.vcpu.cores=3 p2v.server=h p2v.post=poweroff p2v.config=http://h/a";
  const live = liveSettings(line, defaults);
  assert.equal(live.config, "http://h/a");
  assert.equal(live.post, "poweroff");
  assert.equal(live.onfail, "poweroff");
  assert.equal(live.unattended, false);
  const given = parseCommandLine(findCommand("migrate"), live.migrate);
  assert.equal(given.one("name"), "f");
  assert.equal(given.one("to"), "ssh://root@h/var/lib/libvirt/images");
  assert.deepEqual(given.many("disk"), ["/dev/sdc"]);
  assert.equal(given.one("vcpus"), "3");
  assert.equal(given.flag("replace"), false);
});
