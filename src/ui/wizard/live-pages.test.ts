// SPDX-License-Identifier: Apache-2.0
// The pages that only the live CD has, and what is tried before a host is asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Move, sampleWizardState } from "../../../lab/samples/wizard.ts";
import { RunError } from "../../system/index.ts";
import type { Acts } from "./acts.ts";
import type { WizardState } from "./state.ts";
import { ALL, HOST, VM, walk } from "../../../tests/support/wizard-walk.ts";

const LIVE: Partial<WizardState> = { live: true };
const LIVE_START: readonly Move[] = [
  ["Welcome", "standing", "next"],
  ["Keyboard", "standing", "next"],
];
const KEEP_HOST: readonly Move[] = [
  ["Does the network work?", "standing", "next"],
  ...ALL.slice(1, -1),
  ["Virtual machine", VM, "next"],
];

test("on the live CD: the network as on this server, once", async () => {
  const fresh = {
    ...sampleWizardState().network,
    way: null,
    editing: null,
    checks: null,
    applied: "boot",
  } as const;
  const { applied, kept } = await walk(
    [
      ["Welcome", "standing", "next"],
      ["Keyboard", "standing", "next"],
      ["Network", "standing", "next"],
      ["Links", "standing", "next"],
      ["Does the network work?", "standing", "back"],
      ["Links", "standing", "back"],
      ["Network", "standing", "next"],
      ["Links", "standing", "next"],
      ...KEEP_HOST,
    ],
    { state: { ...LIVE, network: fresh } },
  );
  assert.deepEqual(applied, [fresh.found]);
  assert.equal(kept?.network.way, "server");
});

test("automatic, as at boot, sets up nothing anew; by hand has links, forms and lights", async () => {
  const fresh = {
    ...sampleWizardState().network,
    way: null,
    editing: null,
    checks: null,
    applied: "boot",
  } as const;
  const auto = await walk([...LIVE_START, ["Network", ["auto"], "next"], ...KEEP_HOST], {
    state: { ...LIVE, network: fresh },
  });
  assert.deepEqual(auto.applied, []);
  const { applied, blinked } = await walk(
    [
      ["Welcome", "standing", "next"],
      ["Keyboard", "standing", "next"],
      ["Network", ["hand"], "next"],
      ["Links", ["blink"], "next"],
      ["Blink", ["enp4s0"], "next"],
      ["Links", ["+vlan"], "next"],
      ["Link vlan1", ["7", "eth9", "192.0.2.9/24", "192.0.2.1", ""], "next"],
      [/no link "eth9"/, "standing", "next"],
      ["Link vlan1", ["7", "enp3s0", "192.0.2.9", "192.0.2.1", ""], "next"],
      [/"192.0.2.9" is not an address with its mask/, "standing", "next"],
      ["Link vlan1", ["7", "enp3s0", "192.0.2.9/24 2001:db8::9/64", "192.0.2.1", "1400"], "next"],
      ["Links", ["DNS"], "next"],
      ["Name servers", ["192.0.2.53", "example.org"], "next"],
      ["Links", ["enp3s0"], "next"],
      ["Link enp3s0", "standing", "back"],
      ["Links", ["use"], "next"],
      ...KEEP_HOST,
    ],
    { state: { ...LIVE, network: fresh } },
  );
  assert.deepEqual(blinked, ["enp4s0"]);
  assert.deepEqual(applied, [
    {
      links: [
        { name: "enp3s0", kind: { kind: "card", mac: "24:6e:96:00:00:01" }, ip: { kind: "none" }, mtu: null },
        {
          name: "vlan7",
          kind: { kind: "vlan", id: 7, on: "enp3s0" },
          ip: { kind: "static", addresses: ["192.0.2.9/24", "2001:db8::9/64"], gateways: ["192.0.2.1"] },
          mtu: 1400,
        },
      ],
      dns: ["192.0.2.53"],
      search: ["example.org"],
    },
  ]);
});

test("a port that a person chose, because the server's files could not tell, is an answer of the plan too", async () => {
  const { network } = sampleWizardState();
  const links = [
    { name: "eth0", kind: { kind: "card", mac: null }, ip: { kind: "auto" }, mtu: null },
  ] as const;
  const found = { links, dns: [], search: [] };
  const fresh = { ...network, found, setup: found, way: null, editing: null, checks: null } as const;
  const { kept, applied } = await walk(
    [
      ["Welcome", "standing", "next"],
      ["Keyboard", "standing", "next"],
      ["Network", ["server"], "next"],
      ["Links", ["eth0"], "next"],
      ["Link eth0", ["enp4s0", "auto", "", ""], "next"],
      ["Links", ["use"], "next"],
      ...KEEP_HOST,
    ],
    { state: { ...LIVE, network: fresh } },
  );
  assert.deepEqual(kept?.answers.get("nic"), ["eth0=24:6e:96:00:00:02"]);
  assert.equal(applied.length, 1);
});

test("a keyboard layout is loaded once; one that cannot be leaves the old one", async () => {
  const loaded: string[] = [];
  const way: readonly Move[] = [
    ["Welcome", "standing", "next"],
    ["Keyboard", ["de-latin1"], "next"],
    ["Network", ["auto"], "next"],
    ...KEEP_HOST,
  ];
  const { kept } = await walk(way, { state: LIVE, keyboard: async (layout) => void loaded.push(layout) });
  assert.deepEqual(loaded, ["de-latin1"]);
  assert.equal(kept?.keyboard.loaded, "de-latin1");
  const broken: Acts["keyboard"] = () =>
    Promise.reject(
      new RunError(["loadkeys"], { code: 1, signal: null, timedOut: false, stderr: "no file", stdout: "" }),
    );
  const failed = await walk(
    [...way.slice(0, 2), ["Keyboard not changed", "standing", "next"], ...way.slice(2)],
    { state: LIVE, keyboard: broken },
  );
  assert.equal(failed.kept?.keyboard.wanted, "us");
});

test("a host that is not reached is said before its key is asked; a small MTU only warns", async () => {
  let tries = 0;
  await walk(
    [
      ...ALL.slice(0, 2),
      ["Host", ["nowhere", "", "", "/srv"], "next"],
      [/^This does not work yet: No name server knows/, "standing", "next"],
      ["Host", HOST, "next"],
      [/^Full-size packets: Packets of 9000/, "standing", "next"],
      ["Is this your host?", "standing", "next"],
      ...ALL.slice(4, -1),
      ["Virtual machine", VM, "next"],
    ],
    {
      checkHost: async () => {
        tries += 1;
        return tries === 1
          ? [{ what: "name", ok: false, text: "no name server knows nowhere" }]
          : [{ what: "full size", ok: false, text: "packets of 9000 bytes do not pass" }];
      },
    },
  );
});
