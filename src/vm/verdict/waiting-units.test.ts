// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { escapePath, hardwareReason, waitsForOtherMachine } from "./waiting-units.ts";

test("waitsForOtherMachine() keeps local services apart", () => {
  const guest = { mounts: [] };
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
    "cloud-init-local.service",
  ])
    assert.ok(waitsForOtherMachine(unit, guest), unit);
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
    assert.ok(!waitsForOtherMachine(unit, guest), unit);
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
