// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { fittingNetwork, lostMatch } from "./networkd.ts";

const MAC = "52:54:00:12:34:56";
const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: MAC, origin: "given" }];

test("problem 3: a .network file finds the VM's only card by its name", () => {
  assertEdit(
    (text) => fittingNetwork(text, NICS),
    "[Match]\nPath=pci-0000:03:00.0\nDriver=e1000e\n\n[Network]\nDHCP=yes\n",
    "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n",
  );
  assert.equal(lostMatch(`[Match]\nMACAddress=${MAC.toUpperCase()}\n`, NICS), null);
  for (const line of ["Driver=virtio*", "Driver=!e1000e", "Path=pci-*", "Name=en*"])
    assert.equal(lostMatch(`[Match]\n${line}\n`, NICS), null, line);
});

test("a .network file by slot finds the card that was there; one for former hardware stays asleep", () => {
  const nics: readonly IntendedNic[] = [
    { name: "eth0", mac: MAC, origin: "machine", aliases: ["0000:03:00.0"] },
    { name: "eth1", mac: "52:54:00:00:00:02", origin: "machine", aliases: ["0000:04:00.0"] },
  ];
  assertEdit(
    (text) => fittingNetwork(text, nics),
    "[Match]\nPath=pci-0000:04:00.0\n[Network]\nDHCP=yes\n",
    "[Match]\nName=eth1\n[Network]\nDHCP=yes\n",
  );
  const former = "[Match]\nMACAddress=00:1a:64:00:00:01\n[Network]\nAddress=192.0.2.7/24\n";
  assert.equal(fittingNetwork(former, nics.slice(0, 1)), former);
});

test("all keys of [Match] must fit: a name beside the driver of the old card finds nothing", () => {
  assertEdit(
    (text) => fittingNetwork(text, NICS),
    "[Match]\nName=eth*\nDriver=e1000e\n[Network]\nDHCP=yes\n",
    "[Match]\nName=eth*\n[Network]\nDHCP=yes\n",
  );
  const other = "[Match]\nName=en*\nDriver=e1000e\n[Network]\nDHCP=yes\n";
  assert.equal(fittingNetwork(other, NICS), other);
  assert.equal(lostMatch(other, NICS), "Driver=e1000e");
});
