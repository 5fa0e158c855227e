// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../../core/index.ts";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { fittingProfile } from "./networkmanager.ts";

const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "given" }];

test("problem 3: a NetworkManager profile asks for the VM's card", () => {
  assertEdit(
    (text) => fittingProfile(text, NICS),
    "# x\n[connection]\ninterface-name=eth0\n\n[ethernet]\nmac-address=00:1A:64:00:00:01\ncloned-mac-address=preserve\n[match]\npath=pci-0000:03:00.0;\n",
    "# x\n[connection]\ninterface-name=eth0\n\n[ethernet]\nmac-address=52:54:00:12:34:56\ncloned-mac-address=preserve\n[match]\n# virt-p2v: the VM's card sits elsewhere; interface-name finds it\n# path=pci-0000:03:00.0;\n",
  );
});

test("a profile that finds its card by slot finds it by name", () => {
  const nics = [
    { name: "eth1", mac: "52:54:00:00:00:02", origin: "machine", aliases: ["0000:04:00.0"] },
  ] as const;
  assertEdit(
    (text) => fittingProfile(text, nics),
    "[connection]\ntype=ethernet\n[match]\npath=pci-0000:04:00.0;\n",
    "[connection]\ntype=ethernet\n[match]\ninterface-name=eth1;\n",
  );
});

test("a profile for the driver of the old card finds the VM's only card by name, and stays where there are two", () => {
  const fit = (match: string, nics = NICS): string =>
    fittingProfile(`[connection]\ntype=ethernet\n[match]\n${match}`, nics).replace(/^.*\[match\]\n/s, "");
  assert.equal(fit("driver=igb;e1000e;\n"), "interface-name=eth0;\n");
  assert.match(
    fit("interface-name=eth*;\ndriver=igb;\n"),
    /^interface-name=eth\*;\n# virt-p2v[^\n]*\n# driver=igb;\n$/,
  );
  const two = [...NICS, { name: "eth1", mac: "52:54:00:12:34:57", origin: "given" }] as const;
  for (const match of ["driver=igb;\n", "driver=!igb;\n", "driver=virtio*;\n", "kernel-command-line=x;\n"])
    assert.equal(fit(match, two), match);
  assert.equal(fit("driver=!igb;\n"), "driver=!igb;\n");
  const byMac = "[match]\ndriver=igb;\n[ethernet]\nmac-address=52:54:00:12:34:57\n";
  assert.match(fittingProfile(byMac, two), /^\[match\]\n# virt-p2v[^\n]*\n# driver=igb;\n\[ethernet\]/);
});
