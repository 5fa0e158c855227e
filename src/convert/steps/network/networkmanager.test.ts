// SPDX-License-Identifier: Apache-2.0
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
