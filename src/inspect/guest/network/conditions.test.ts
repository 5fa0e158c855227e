// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  driverCondition,
  isForCards,
  profileConditions,
  type Surroundings,
  unitConditions,
  unknownCondition,
  unmetCondition,
} from "./conditions.ts";
import { parseIni } from "./source.ts";

const CARD: Surroundings = {
  drivers: ["virtio_net"],
  path: "pci-",
  words: ["ro", "site=lab", "quiet"],
  virtualization: ["yes", "vm", "kvm"],
};
const profile = (line: string): string | null =>
  unmetCondition(profileConditions(parseIni(`[match]\n${line}\n`)), CARD);
const unit = (line: string): string | null =>
  unmetCondition(unitConditions(parseIni(`[Match]\n${line}\n`)), CARD);

test("[match] of NetworkManager: optional, needed, inverted", () => {
  for (const line of [
    "driver=igb;virtio*;",
    "driver=!igb;",
    "driver=|igb;|virtio_net;",
    "path=pci-*;",
    "path=!pci-0000:03:00.0;",
    "kernel-command-line=site;",
    "kernel-command-line=site=lab;!rescue;",
    "interface-name=eth9;",
  ])
    assert.equal(profile(line), null, line);
  for (const line of [
    "driver=igb;",
    "driver=!virtio*;",
    "driver=virtio_net;&!virtio*;",
    "path=pci-0000:03:00.0;",
    "kernel-command-line=site=plant;",
    "kernel-command-line=!site;",
  ])
    assert.equal(profile(line), line, line);
});

test("[Match] of systemd-networkd: all keys together", () => {
  for (const line of [
    "Driver=igb virtio_net",
    "Driver=!igb e1000e",
    "Path=pci-*",
    "Path=pci-0000:*",
    "Virtualization=vm",
    "Virtualization=!container",
    "KernelCommandLine=site",
  ])
    assert.equal(unit(line), null, line);
  for (const line of [
    "Driver=igb e1000e",
    "Driver=!virtio_net",
    "Path=pci-0000:03:00.0",
    "Virtualization=no",
    "KernelCommandLine=!site",
  ])
    assert.equal(unit(line), line, line);
  assert.equal(unit("Driver=virtio_net\nPath=pci-0000:03:00.0"), "Path=pci-0000:03:00.0");
});

test("[Match] of systemd-networkd: what a plain card is, and what nobody knows before the VM runs", () => {
  const met = (line: string): readonly [boolean, string | null, string | null] => {
    const all = unitConditions(parseIni(`[Match]\n${line}\n`));
    return [isForCards(all), unmetCondition(all, CARD), unknownCondition(all, CARD)];
  };
  for (const line of [
    "Kind=!*",
    "Kind=!*\nType=ether",
    "Type=ether wlan",
    "Type=!loopback",
    "Kind=vlan\nKind=",
  ])
    assert.deepEqual(met(line), [true, null, null], line);
  for (const line of [
    "Kind=vlan",
    "Kind=*",
    "Type=wlan",
    "Type=!ether",
    "SSID=home",
    "WLANInterfaceType=station",
  ])
    assert.equal(met(line)[0], false, line);
  for (const line of [
    "Property=ID_BUS=pci",
    "Host=web",
    "Architecture=x86-64",
    "Firmware=uefi",
    "Credential=x",
  ])
    assert.deepEqual(met(line), [true, null, line], line);
  assert.equal(met("Property=ID_NET_DRIVER=igb")[1], "Property=ID_NET_DRIVER=igb");
  assert.equal(met("Property=ID_PATH=pci-0000:03:00.0")[1], "Property=ID_PATH=pci-0000:03:00.0");
});

test("match: driver: of netplan", () => {
  assert.equal(unmetCondition(driverCondition([]), CARD), null);
  assert.equal(unmetCondition(driverCondition(["bcmgenet", "virtio_*"]), CARD), null);
  assert.equal(unmetCondition(driverCondition(["ixgbe"]), CARD), "driver: ixgbe");
});
