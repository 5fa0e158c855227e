// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestInterface, Mount, Outcome } from "../../core/index.ts";
import { judge, type JudgeInput } from "./judge.ts";
import type { Probe, ProbeLink } from "../probe/probe.ts";

const MAC = "52:54:00:12:34:56";
const ROOT = "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";

const link = (changes: Partial<ProbeLink> = {}): ProbeLink => ({
  name: "enp3s0",
  mac: MAC,
  state: "up",
  master: null,
  physical: true,
  carrier: true,
  addresses: ["10.0.2.15/24", "fe80::5054:ff:fe12:3456/64"],
  ...changes,
});

const probe = (changes: Partial<Probe> = {}): Probe => ({
  format: "p2v-probe/1",
  root: ROOT,
  rootSource: "/dev/vda1",
  kernel: "6.1.0",
  state: "running",
  uptime: 30,
  failed: [],
  waiting: [],
  ip: true,
  links: [link()],
  routes: [],
  ...changes,
});

const wants = (configured: GuestInterface["configured"], name = "enp3s0"): GuestInterface => ({
  name,
  mac: MAC,
  from: "/etc/network/interfaces",
  configured,
});

const DHCP = wants({ kind: "dhcp" });
const STATIC = wants({
  kind: "static",
  addresses: ["192.0.2.7/24", "2001:db8:0::7/64"],
  gateway: "192.0.2.1",
});

function verdict(
  changes: Partial<JudgeInput> & { network?: readonly GuestInterface[]; mounts?: readonly Mount[] } = {},
) {
  const { network = [DHCP], mounts = [], ...rest } = changes;
  return judge({
    probe: probe(),
    expectedRootUuid: ROOT,
    guest: { network, mounts },
    nics: [{ name: "enp3s0", mac: MAC, origin: "guest" }],
    seconds: 60,
    ...rest,
  });
}

const differences = (outcome: Outcome): readonly string[] =>
  outcome.kind === "booted-but"
    ? outcome.differences.map(({ about, text }) => `${about}: ${text}`)
    : [outcome.kind];

test("judge() says booted when all is as configured", () => {
  const cameUp = [{ name: "enp3s0", mac: MAC }];
  assert.deepEqual(verdict(), { outcome: { kind: "booted", seconds: 60, cameUp }, waitingUnits: [] });
});

test("judge() asks no default route of DHCP, since the check's network offers none", () => {
  assert.equal(verdict({ probe: probe({ routes: [] }) }).outcome.kind, "booted");
});

test("judge() names the root file system that came up instead", () => {
  const other = "00000000-0000-4000-8000-000000000000";
  assert.deepEqual(differences(verdict({ probe: probe({ root: other }) }).outcome), [
    `root: The root file system is ${other} on /dev/vda1 instead of ${ROOT}`,
  ]);
  assert.deepEqual(differences(verdict({ probe: probe({ root: null }) }).outcome), [
    `root: The root file system on /dev/vda1 has no UUID that could be compared with ${ROOT}`,
  ]);
  assert.equal(verdict({ probe: probe({ root: ROOT.toUpperCase() }) }).outcome.kind, "booted");
  assert.equal(verdict({ probe: probe({ root: null }), expectedRootUuid: null }).outcome.kind, "booted");
});

test("judge() tells as data which card has what fault, and which came up", () => {
  const of = (input: Parameters<typeof verdict>[0]) => {
    const { outcome } = verdict(input);
    if (outcome.kind !== "booted-but") return outcome;
    return {
      faults: outcome.differences.map((one) => ("fault" in one ? one.fault : one.about)),
      up: outcome.cameUp,
    };
  };
  const bare = probe({ links: [link({ addresses: [] })] });
  assert.deepEqual(of({ probe: bare, network: [STATIC] }), {
    faults: ["no-address", "no-address", "no-route"],
    up: [],
  });
  assert.deepEqual(of({ probe: bare, dhcpAnswers: false }), { faults: ["not-tried"], up: [] });
  const nic = { name: "enp3s0", mac: MAC };
  assert.deepEqual(of({ probe: probe({ root: null }) }), { faults: ["not-known"], up: [nic] });
});

const NETWORK: readonly (readonly [
  string,
  Partial<JudgeInput> & { network?: readonly GuestInterface[] },
  readonly string[],
])[] = [
  [
    "a renamed card: the pin is broken",
    { probe: probe({ links: [link({ name: "enp0s3", carrier: false, addresses: [] })] }) },
    [`network: enp3s0 is missing: its network card ${MAC} is called enp0s3 now`],
  ],
  [
    "no card at all: no driver",
    { probe: probe({ links: [] }) },
    [`network: enp3s0 is missing, and so is a network card ${MAC}`],
  ],
  [
    "the name on another card",
    { probe: probe({ links: [link({ mac: "52:54:00:00:00:99" })] }) },
    [`network: enp3s0 is the network card 52:54:00:00:00:99 instead of ${MAC}`],
  ],
  [
    "never brought up",
    { probe: probe({ links: [link({ state: "down", carrier: false, addresses: [] })] }) },
    ["network: enp3s0 has no link: it is down"],
  ],
  [
    "DHCP without an answer: a link-local address is none",
    { probe: probe({ links: [link({ addresses: ["fe80::1/64", "169.254.3.4/16"] })] }) },
    ["network: enp3s0 got no address by DHCP"],
  ],
  [
    "a static address and its route that are there, in another spelling",
    {
      network: [STATIC],
      probe: probe({
        links: [link({ addresses: ["192.0.2.7/24", "2001:db8::7/64"] })],
        routes: [{ via: "192.0.2.1", dev: "enp3s0" }],
      }),
    },
    ["booted"],
  ],
  [
    "a static address with another prefix, no route",
    {
      network: [STATIC],
      probe: probe({ links: [link({ addresses: ["192.0.2.7/16", "2001:db8::7/64"] })] }),
    },
    [
      "network: enp3s0 lacks its address 192.0.2.7/24",
      "network: The default route through 192.0.2.1 is missing",
    ],
  ],
  [
    "an interface that the guest does not configure",
    { network: [wants({ kind: "none" }, "enp9s0")] },
    ["booted"],
  ],
  [
    "a port of a bond",
    {
      network: [wants({ kind: "port", of: "bond0" })],
      probe: probe({
        links: [link({ master: "bond0", addresses: [] }), link({ name: "bond0", physical: false })],
      }),
    },
    ["booted"],
  ],
  [
    "a port that was left out of its bond",
    { network: [wants({ kind: "port", of: "bond0" })] },
    ["network: enp3s0 is not a port of bond0"],
  ],
  [
    "a guest without ip",
    { probe: probe({ ip: false, links: [link({ addresses: [] })] }) },
    ["network: The addresses of enp3s0 are not known: the guest has no program ip"],
  ],
];

for (const [name, input, expected] of NETWORK) {
  test(`judge() sees ${name}`, () => assert.deepEqual(differences(verdict(input).outcome), expected));
}

test("judge() lists units that wait for another machine apart", () => {
  const mounts = [
    { path: "/srv/my data", spec: "nas:/x", type: "nfs", options: "rw", node: null },
    { path: "/srv/disk", spec: "UUID=1", type: "ext4", options: "rw", node: "disk:2" },
  ];
  const failed = [
    "chrony.service",
    "srv-my\\x20data.mount",
    "srv-disk.mount",
    "smartd.service",
    "nginx.service",
  ];
  const { outcome, waitingUnits } = verdict({
    mounts,
    probe: probe({ state: "degraded", failed: failed.map((unit) => ({ unit, result: "exit-code" })) }),
  });
  assert.deepEqual(waitingUnits, ["chrony.service", "srv-my\\x20data.mount"]);
  assert.deepEqual(differences(outcome), [
    "unit: srv-disk.mount failed (exit-code)",
    "unit: smartd.service failed (exit-code): it watches physical disks",
    "unit: nginx.service failed (exit-code)",
  ]);
});

test("judge() takes emergency mode for not booted", () => {
  const { outcome } = verdict({
    probe: probe({ state: "maintenance", failed: [{ unit: "srv.mount", result: "timeout" }] }),
    lastLines: ["You are in emergency mode"],
  });
  assert.deepEqual(outcome, {
    kind: "not-booted",
    why: "The system stopped in emergency or rescue mode; failed: srv.mount",
    lastLines: ["You are in emergency mode"],
  });
});

test("judge() says what a system still waited for", () => {
  const { outcome } = verdict({ probe: probe({ state: "starting", waiting: ["dev-sdb1.device"] }) });
  assert.deepEqual(differences(outcome), [
    "unit: The system was still starting when it reported; it waited for dev-sdb1.device",
  ]);
});

test("where nothing answers DHCP, that is reported and is not a fault; the card itself must be right", () => {
  const silent = probe({
    links: [link({ addresses: [] })],
    failed: [{ unit: "networking.service", result: "exit-code" }],
  });
  const reported = verdict({ probe: silent, dhcpAnswers: false });
  assert.deepEqual(reported.waitingUnits, ["networking.service"]);
  assert.ok(reported.outcome.kind === "booted-but");
  assert.deepEqual(
    reported.outcome.differences.map(({ about }) => about),
    ["not-tried"],
  );
  const renamed = verdict({ probe: probe({ links: [link({ name: "eth0" })] }), dhcpAnswers: false });
  assert.ok(renamed.outcome.kind === "booted-but");
  assert.equal(renamed.outcome.differences[0]?.about, "network");
  const fixed = verdict({ network: [STATIC], dhcpAnswers: false });
  assert.ok(fixed.outcome.kind === "booted-but");
  assert.ok(
    fixed.outcome.differences.every(({ about }) => about === "network"),
    "static addresses are tried",
  );
});
