// SPDX-License-Identifier: Apache-2.0
// A state of the wizard with everything in it, and a screen that is answered by a script.
import { known, makeProblem, type NetworkSetup } from "../../src/core/index.ts";
import type { Box, BoxAnswer } from "../../src/ui/wizard/box.ts";
import type { Screen } from "../../src/ui/wizard/screen.ts";
import type { NetworkState, WizardState } from "../../src/ui/wizard/state.ts";
import { sampleReport } from "./report.ts";

const GIB = 2 ** 30;

const SERVER: NetworkSetup = {
  links: [
    { name: "enp3s0", kind: { kind: "card", mac: "24:6e:96:00:00:01" }, ip: { kind: "none" }, mtu: 9000 },
    {
      name: "vlan100",
      kind: { kind: "vlan", id: 100, on: "enp3s0" },
      ip: { kind: "static", addresses: ["192.0.2.7/24"], gateways: ["192.0.2.1"] },
      mtu: null,
    },
  ],
  dns: ["192.0.2.53"],
  search: ["example.org"],
};

const SAMPLE_NETWORK: NetworkState = {
  way: "server",
  found: SERVER,
  setup: SERVER,
  editing: "vlan100",
  blink: null,
  applied: SERVER,
  checks: [
    { what: "address", ok: true, text: "vlan100 192.0.2.7/24, MTU 9000" },
    { what: "gateway", ok: false, text: "192.0.2.1 on vlan100 does not answer a ping" },
  ],
};

export function sampleWizardState(overrides: Partial<WizardState> = {}): WizardState {
  const { machine, guest } = sampleReport();
  const disk = (letter: string, sizeBytes: number) => [
    {
      id: `disk:sd${letter}`,
      path: `/dev/sd${letter}`,
      sizeBytes,
      sectorBytes: 512,
      holds: { kind: "disk", serial: `S${letter}`, model: "SAMSUNG MZ7LM480", table: "gpt" },
    } as const,
    {
      id: `part:sd${letter}1`,
      path: `/dev/sd${letter}1`,
      sizeBytes: sizeBytes / 2,
      sectorBytes: 512,
      holds: { kind: "filesystem", type: "ext4", uuid: "3a53-7ca8", label: null },
    } as const,
  ];
  return {
    live: true,
    now: new Date("2026-03-01T23:12:00Z"),
    missingFirmware: [{ driver: "ixgbe", device: "0000:3b:00.1", file: "intel/ice.pkg" }],
    inMemory: true,
    machine: {
      ...machine,
      memoryBytes: known(16 * GIB),
      firmware: known({ kind: "uefi", secureBoot: false, bootEntries: [] }),
      cpu: known({
        sockets: known(1),
        cores: known(8),
        threads: known(16),
        model: known("Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz"),
        level: known(4),
      }),
      dmi: known({
        vendor: "Dell Inc.",
        product: "PowerEdge R640",
        serial: "6MSTC93",
        uuid: "4c4c4544-0051-3010-8052-b4c04f335931",
        biosVersion: "2.8.2",
      }),
      nics: [
        {
          name: "enp3s0",
          mac: "24:6e:96:00:00:01",
          driver: "ixgbe",
          speedMbit: 10_000,
          carrier: true,
          bus: "pci",
        },
        {
          name: "enp4s0",
          mac: "24:6e:96:00:00:02",
          driver: "ixgbe",
          speedMbit: null,
          carrier: false,
          bus: "pci",
        },
      ],
      controllers: [{ kind: "storage", address: "0000:3b:00.0", id: "1000:005f", driver: null }],
      storage: {
        nodes: [...disk("a", 480 * GIB), ...disk("b", 960 * GIB)],
        edges: ["a", "b"].map((letter) => ({ from: `part:sd${letter}1`, to: `disk:sd${letter}`, map: null })),
      },
    },
    disks: ["/dev/sda", "/dev/sdb"],
    guest,
    problems: [],
    lookedAt: true,
    keyboard: { wanted: "us", loaded: "us" },
    network: SAMPLE_NETWORK,
    answers: new Map([
      ["to", ["ssh://root@xen1.example.org:2222/srv/vms"]],
      ["host-key", ["SHA256:Sx8bWmoJ5xK3pFYyYJ0C9Yb2u0r0b1U3q2l8n1D4a5c"]],
    ]),
    password: null,
    passphrases: [],
    hostKeys: [
      { type: "ED25519", fingerprint: "SHA256:Sx8bWmoJ5xK3pFYyYJ0C9Yb2u0r0b1U3q2l8n1D4a5c" },
      { type: "RSA", fingerprint: "SHA256:q9d0TgmHk1vO4dH2m3k8h2Yp6f0s7c1Zb5x4w3e2r1t" },
    ],
    ...overrides,
  };
}

/** Its disks are members of a software RAID, too. */
export function sampleMirroredState(): WizardState {
  const state = sampleWizardState();
  const { nodes, edges } = state.machine.storage;
  const members = state.disks.map((path) => ({
    id: `part:${path.slice(5)}2`,
    path: `${path}2`,
    sizeBytes: 200 * GIB,
    sectorBytes: 512,
    holds: { kind: "md-member", uuid: "6d64-a11a" } as const,
  }));
  const below = members.map(({ id }) => ({
    from: id,
    to: id.slice(0, -1).replace("part:", "disk:"),
    map: null,
  }));
  const storage = { nodes: [...nodes, ...members], edges: [...edges, ...below] };
  return { ...state, machine: { ...state.machine, storage } };
}

/** An installed system on each of its disks. `unclear`: nothing tells which one the machine starts. */
export function sampleSystemsState({ unclear = false } = {}): WizardState {
  const state = sampleWizardState();
  const problem = makeProblem(unclear ? "root-unclear" : "several-systems", {
    about: [
      {
        kind: "system",
        node: "part:sda1",
        uuid: "3a53-7ca8",
        title: "Debian GNU/Linux 12 (bookworm), aurora",
      },
      { kind: "system", node: "part:sdb1", uuid: "77aa-01fe", title: "Debian GNU/Linux 10 (buster), old" },
    ],
    text: "There are 2 installed systems",
    advice: "Name it",
  });
  const guest = state.guest === null ? null : { ...state.guest, root: "part:sda1" };
  return { ...state, guest, problems: [problem] };
}

/** Each of its disks holds a LUKS volume, too. */
export function sampleEncryptedState(): WizardState {
  const state = sampleWizardState();
  const { nodes, edges } = state.machine.storage;
  const volumes = state.disks.map((path, index) => ({
    id: `part:${path.slice(5)}3/luks`,
    path: `${path}3`,
    sizeBytes: 200 * GIB,
    sectorBytes: 512,
    holds: { kind: "luks", uuid: `${index + 1}`.repeat(8) } as const,
  }));
  return { ...state, machine: { ...state.machine, storage: { nodes: [...nodes, ...volumes], edges } } };
}

/** What a person does at a page of this title: a button, with what was typed; "standing" is what is there already. */
export type Move = readonly [
  title: string | RegExp,
  values: readonly string[] | "standing",
  button: BoxAnswer["kind"],
];

/** Follows the script; an Error where another page is shown than the script says, or its end was passed. */
export function scriptedScreen(
  script: readonly Move[],
): Screen & { readonly seen: readonly string[]; left(): number } {
  const seen: string[] = [];
  const rest = [...script];
  return {
    seen,
    left: () => rest.length,
    ask: async (box): Promise<BoxAnswer> => {
      seen.push(`${box.title}: ${box.text}`);
      const [title, values, kind] = rest.shift() ?? ["nothing", [], "back"];
      const fits = typeof title === "string" ? title === box.title : title.test(`${box.title}: ${box.text}`);
      if (!fits) throw new Error(`The page is "${box.title}: ${box.text}", the script says ${title}`);
      return { kind, values: values === "standing" ? standing(box) : values };
    },
    wait: async (text) => void seen.push(`(${text})`),
    gauge: () => ({ write: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() }),
    shell: () => Promise.resolve(),
  };
}

/** What is on the page before anybody types. */
function standing(box: Box): readonly string[] {
  if (box.kind === "form") return box.fields.map(({ value }) => value);
  if (box.kind === "checklist") return box.items.filter(({ on }) => on).map(({ tag }) => tag);
  return box.kind === "menu" ? [box.chosen ?? box.items[0]?.tag ?? ""] : [];
}
