// SPDX-License-Identifier: Apache-2.0
// A UEFI guest on a real libvirtd, with Secure Boot on: the firmware's variables are its own, and go with it.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../src/core/index.ts";
import { cli, leftovers } from "../support/cli.ts";
import { dialog } from "../support/dialog.ts";
import { startLibvirtHost } from "../support/vms/libvirt-host.ts";
import { machineDisks } from "../support/guests/machines/index.ts";

const SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"; // UEFI 3.3

test("a UEFI machine is boot-checked and started with Secure Boot, and taken away with its variables", async (t) => {
  const [source = ""] = await machineDisks("uefi-fallback", { signal: t.signal });
  await using host = await startLibvirtHost({ signal: t.signal });
  const to = ["--to", `ssh://${host.hostAlias}${host.images}`, "--ssh-config", host.sshConfigPath];
  const how = ["--name", "elm", "--memory", "1G", "--firmware", "secure", "--start", "--yes"];
  const ended = await cli(["migrate", "--disk", source, ...to, ...how], { timeoutMs: 600_000 });
  assert.equal(ended.code, 0, `${ended.stderr}${host.log()}`);
  assert.match(ended.stdout, /elm: booted\n/);
  assert.deepEqual(await leftovers(), []);
  const report = JSON.parse(await readFile(join(host.images, "elm/report.json"), "utf8")) as Report;
  assert.deepEqual(report.vm.firmware, { kind: "uefi", secureBoot: true });
  assert.equal(report.started?.kind, "login");

  const virsh = (...words: readonly string[]): Promise<string> =>
    host.inside(["virsh", "-q", "-c", "qemu:///system", ...words]);
  const xml = await virsh("dumpxml", "elm");
  assert.match(xml, /<loader [^>]*secure='yes'/);
  const variables = /<nvram[^>]*>([^<]+)</.exec(xml)?.[1] ?? "";
  assert.ok((await host.inside(["stat", "-c", "%s", variables])).trim() !== "0", variables);

  const console = ["ssh", "-F", host.sshConfigPath, host.hostAlias, "script -qfc"];
  const heard = await dialog([...console, "'virsh -c qemu:///system console elm' /dev/null"], {
    lines: [
      { hear: /Escape character/, say: "\n" },
      { hear: /login: $/, say: "root\n" },
      { hear: /Password: $/, say: "p2v\n" },
      { hear: /# $/, say: `od -An -tu1 ${SECURE_BOOT}; findmnt -rno TARGET,FSTYPE /boot/efi; echo o''ver\n` },
    ],
    until: /[\r\n]over/,
    timeoutMs: 120_000,
  });
  assert.match(heard, /\s6\s+0\s+0\s+0\s+1\s/, "the firmware says that Secure Boot is on");
  assert.match(heard, /\/boot\/efi vfat/);

  await virsh("destroy", "elm");
  const gone = await cli(["host", "undefine", "elm", ...to, "--yes"]);
  assert.equal(gone.code, 0, gone.stderr);
  assert.equal((await host.inside(["ls", variables], { allowCodes: [2] })).trim(), "");
  assert.deepEqual(await readdir(host.images), []);
});
