// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../../lab/samples/report.ts";
import type { GuestOS, LinkKind, NetworkLink } from "../../core/index.ts";
import { checkLayers } from "./layers.ts";

const link = (name: string, kind: LinkKind): NetworkLink => ({ name, kind, ip: { kind: "none" }, mtu: null });

function problemsOf(
  ...layers: readonly NetworkLink[]
): readonly (readonly [string, string, readonly string[]])[] {
  const guest = { ...sampleReport().guest, layers } as GuestOS;
  return checkLayers(guest).map(({ code, severity, about }) => [
    code,
    severity,
    about.map((subject) => (subject.kind === "nic" ? (subject.name ?? "") : "")),
  ]);
}

const ports = ["eno1", "eno2"];

test("bonds that need a switch, and VLANs that the host must carry; nothing is said of others", () => {
  assert.deepEqual(problemsOf(link("bond0", { kind: "bond", mode: "active-backup", ports })), []);
  assert.deepEqual(problemsOf(link("bond0", { kind: "bond", mode: "balance-rr", ports: ["eno1"] })), []);
  assert.deepEqual(problemsOf(link("bond0", { kind: "bond", mode: "balance-xor", ports })), [
    ["bond-no-partner", "notes", ["bond0", ...ports]],
  ]);
  assert.deepEqual(
    problemsOf(
      link("br0", { kind: "bridge", ports: ["bond0.5"] }),
      link("bond0.5", { kind: "vlan", id: 5, on: "bond0" }),
      link("v7", { kind: "vlan", id: 7, on: "bond0.5" }),
      link("bond0", { kind: "bond", mode: "802.3ad", ports }),
    ),
    [
      ["bond-no-partner", "warns", ["bond0", ...ports]],
      ["vlan-tagged", "notes", ["bond0.5", "v7", ...ports]],
    ],
  );
});

test("a VLAN that stands on itself ends", () => {
  assert.equal(problemsOf(link("a", { kind: "vlan", id: 5, on: "a" })).length, 1);
});
