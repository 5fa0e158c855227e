// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestOS } from "../../core/index.ts";
import { escapePath, hardwareReason, waitsForOtherMachine } from "./waiting-units.ts";

test("waitsForOtherMachine() keeps local services apart", () => {
  const waits = (unit: string): boolean =>
    waitsForOtherMachine({ unit, result: "exit-code" }, { guest: { mounts: [] }, all: [] });
  for (const unit of [
    "ntp.service",
    "systemd-timesyncd.service",
    "nslcd.service",
    "sssd.service",
    "iscsid.service",
    "ypbind.service",
    "rpc-statd.service",
    "nfs-idmapd.service",
    "remote-fs.target",
    "openvpn@office.service",
    "apt-daily.service",
  ])
    assert.ok(waits(unit), unit);
  for (const unit of [
    "nginx.service",
    "ssh.service",
    "networking.service",
    "NetworkManager-wait-online.service",
    "postgresql@15-main.service",
    "local-fs.target",
    "srv.mount",
    "systemd-networkd.service",
    "rpcbind.service",
  ])
    assert.ok(!waits(unit), unit);
});

test("hardwareReason() knows what a VM lacks", () => {
  assert.match(hardwareReason("ipmievd.service") ?? "", /IPMI/);
  assert.equal(hardwareReason("nginx.service"), null);
});

test("escapePath() names mount units as systemd does", () => {
  const cases = {
    "/": "-",
    "/srv": "srv",
    "/a//b/": "a-b",
    "/my-data": "my\\x2ddata",
    "/.x": "\\x2ex",
    "/ä b": "\\xc3\\xa4\\x20b",
  };
  for (const [path, unit] of Object.entries(cases)) assert.equal(escapePath(path), unit);
});

test("of cloud-init only what wants its data from a server waits", () => {
  const waiting = (units: readonly string[], cloudInit?: GuestOS["cloudInit"]): readonly string[] => {
    const all = units.map((unit) => ({ unit, result: "exit-code" }));
    const guest = { mounts: [], ...(cloudInit === undefined ? {} : { cloudInit }) };
    return all.filter((one) => waitsForOtherMachine(one, { guest, all })).map(({ unit }) => unit);
  };
  const by = (source: string | null, keepsInstance = false) => ({
    source,
    keepsInstance,
    leavesNetwork: true,
  });
  const stages = ["cloud-config.service", "cloud-final.service"];
  const own = [
    "cloud-init-local.service",
    "cloud-init-main.service",
    "cloud-init-hotplugd.service",
    ...stages,
  ];
  assert.deepEqual(waiting(own, by("Ec2")), []);
  for (const network of ["cloud-init.service", "cloud-init-network.service"]) {
    assert.deepEqual(waiting([network, ...own], by("Ec2")), [network, ...stages]);
    assert.deepEqual(waiting([network, ...own]), [network, ...stages]);
    assert.deepEqual(waiting([network, ...own], by("NoCloud")), []);
    assert.deepEqual(waiting([network, ...own], by("Ec2", true)), []);
  }
});

test("a unit that crashed waits for nobody", () => {
  const waits = (result: string): boolean =>
    waitsForOtherMachine({ unit: "sssd.service", result }, { guest: { mounts: [] }, all: [] });
  for (const result of ["exit-code", "timeout", "start-limit-hit", ""]) assert.ok(waits(result), result);
  for (const result of ["signal", "core-dump", "oom-kill", "resources"]) assert.ok(!waits(result), result);
});
