// SPDX-License-Identifier: Apache-2.0
// The way through the pages: Back, Esc, help, and where each failure leads.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Move,
  sampleEncryptedState,
  sampleWizardState,
  scriptedScreen,
} from "../../../lab/samples/wizard.ts";
import { type NetworkSetup, UserError } from "../../core/index.ts";
import type { Answers } from "../../plan/index.ts";
import { RunError } from "../../system/index.ts";
import type { Acts } from "./acts.ts";
import { mendingPage } from "./mend.ts";
import { jobAnswers, type WizardState } from "./state.ts";
import { runWizard } from "./wizard.ts";

const error = (area: UserError["area"], code: string): UserError =>
  new UserError(area, code, `It is ${code}`, { advice: "Do better" });

async function walk(
  script: readonly Move[],
  given: {
    state?: Partial<WizardState>;
    job?: Acts["job"];
    checkHost?: Acts["checkHost"];
    keyboard?: Acts["keyboard"];
    inspect?: Acts["inspect"];
    trouble?: UserError;
  } = {},
): Promise<{
  code: number;
  seen: readonly string[];
  kept: WizardState | null;
  scanned: number;
  applied: readonly (NetworkSetup | null)[];
  blinked: readonly string[];
}> {
  const screen = scriptedScreen(script);
  let kept: WizardState | null = null;
  let scanned = 0;
  const applied: (NetworkSetup | null)[] = [];
  const blinked: string[] = [];
  const state = sampleWizardState({ live: false, ...given.state });
  const code = await runWizard({
    screen,
    state,
    trouble: given.trouble ?? null,
    keep: async (one) => void (kept = one),
    acts: {
      hostKeys: async () => {
        scanned += 1;
        return [{ type: "ED25519", fingerprint: "SHA256:new" }];
      },
      inspect:
        given.inspect ??
        (async () => ({ machine: state.machine, guest: state.guest, network: null, problems: [] })),
      keyboard: given.keyboard ?? (async () => undefined),
      ports: async () => state.machine.nics,
      applyNetwork: async (setup) => void applied.push(setup),
      checkNetwork: async () => [{ what: "address", ok: true, text: "there" }],
      checkHost: given.checkHost ?? (async () => []),
      blink: async (port) => void blinked.push(port),
      job: given.job ?? (async () => ({ kind: "ended", code: 0 })),
      finish: () => Promise.resolve(),
    },
    signal: new AbortController().signal,
  });
  assert.equal(screen.left(), 0);
  return { code, seen: screen.seen, kept, scanned, applied, blinked };
}

const ALL: readonly Move[] = [
  ["Welcome", "standing", "next"],
  ["Where the VM goes", "standing", "next"],
  ["Host", "standing", "next"],
  ["Is this your host?", "standing", "next"],
  ["Login", "standing", "next"],
  ["Disks", "standing", "next"],
  ["Virtual machine", "standing", "next"],
];

test("Next alone leads to the job, with what was found as answers", async () => {
  const { code, kept } = await walk(ALL);
  assert.equal(code, 0);
  assert.deepEqual(kept?.answers.get("disk"), ["/dev/sda", "/dev/sdb"]);
  assert.deepEqual(kept?.answers.get("name"), ["aurora"]);
  assert.equal(kept?.answers.get("memory"), undefined, "disk images bring no machine");
});

test("Back goes over pages that do not apply, and keeps what was answered", async () => {
  const { kept } = await walk([
    ["Welcome", "standing", "next"],
    ["Where the VM goes", ["dir"], "next"],
    ["Directory", ["/mnt/vms"], "next"],
    ["Disks", "standing", "back"],
    ["Directory", "standing", "back"],
    ["Where the VM goes", "standing", "next"],
    [/^Directory: /, "standing", "next"],
    ["Disks", ["/dev/sdb"], "next"],
    ["Virtual machine", "standing", "back"],
    ["Disks", "standing", "next"],
    ["Virtual machine", "standing", "next"],
  ]);
  assert.deepEqual(kept?.answers.get("to"), ["dir:/mnt/vms"]);
  assert.deepEqual(kept?.answers.get("disk"), ["/dev/sdb"]);
});

test("leaving is asked; help leads back to its page", async () => {
  await walk([
    ["Welcome", "standing", "back"],
    ["Leave the wizard?", "standing", "next"],
    ["Welcome", "standing", "help"],
    ["Help", "standing", "next"],
    ...ALL,
  ]);
  assert.equal(
    (
      await walk([
        ["Welcome", "standing", "back"],
        ["Leave the wizard?", ["leave"], "next"],
      ])
    ).code,
    0,
  );
});

const HOST = ["xen1.example.org", "2222", "root", "/srv/vms"];
const VM = ["web", "2G", "2", "auto", "", "raw"];

test("what makes no sense is said, and asked again on its page", async () => {
  const { kept } = await walk([
    ...ALL.slice(0, 2),
    ["Host", ["a host", "22", "root", "/srv"], "next"],
    [/^This does not work yet: .*a host/s, "standing", "next"],
    ["Host", HOST, "next"],
    ...ALL.slice(3, 5),
    ["Disks", [], "next"],
    [/^This does not work yet: No disk/, "standing", "next"],
    ["Disks", ["/dev/sda"], "next"],
    ["Virtual machine", ["web", "much", "2", "auto", "", "raw"], "next"],
    [/^This does not work yet: .*memory/s, "standing", "next"],
    ["Virtual machine", VM, "next"],
  ]);
  assert.deepEqual(kept?.answers.get("memory"), ["2G"]);
});

test("what was typed on a page stands there again after Back and help", async () => {
  const typed = ["half", "64", "root", "/x"];
  const { kept } = await walk([
    ...ALL.slice(0, 2),
    ["Host", typed, "help"],
    ["Help", "standing", "next"],
    ["Host", HOST, "back"],
    ["Where the VM goes", "standing", "next"],
    ["Host", "standing", "next"],
    ["Is this your host?", "standing", "next"],
    ...ALL.slice(4),
  ]);
  assert.deepEqual(kept?.answers.get("to"), ["ssh://root@xen1.example.org:2222/srv/vms"]);
});

test("another host is asked for its key anew, the same one is not", async () => {
  const same = await walk(ALL);
  assert.equal(same.scanned, 0);
  const other = await walk([
    ...ALL.slice(0, 2),
    ["Host", ["2001:db8::7", "", "admin", "/srv/vms"], "next"],
    ["Is this your host?", ["SHA256:new"], "next"],
    ...ALL.slice(4),
  ]);
  assert.equal(other.scanned, 1);
  assert.deepEqual(other.kept?.answers.get("to"), ["ssh://admin@[2001:db8::7]/srv/vms"]);
  assert.deepEqual(other.kept?.answers.get("host-key"), ["SHA256:new"]);
});

test("a failure of the job leads to the page that can mend it, and from there on again", async () => {
  let tries = 0;
  await walk(
    [
      ...ALL,
      [/^This does not work yet: It is host-login-refused/, "standing", "next"],
      ["Login", "standing", "next"],
      ...ALL.slice(5),
    ],
    {
      job: async () => {
        tries += 1;
        if (tries === 1) throw error("host", "host-login-refused");
        return { kind: "ended", code: 0 };
      },
    },
  );
  assert.equal(tries, 2);
});

test("a plan that is not liked leads back to the VM", async () => {
  let tries = 0;
  await walk([...ALL, ["Virtual machine", "standing", "next"]], {
    job: async () => {
      tries += 1;
      return tries === 1 ? { kind: "back" } : { kind: "ended", code: 0 };
    },
  });
});

test("a plan that has seen stoppers leads to the page that mends them, without saying it twice", async () => {
  let tries = 0;
  await walk([...ALL, ["Host", "standing", "next"], ...ALL.slice(3)], {
    job: async () => {
      tries += 1;
      if (tries === 1) return { kind: "mend", error: error("destination", "destination-full") };
      return { kind: "ended", code: 0 };
    },
  });
});

test("what was wrong in the answers of the boot is said first", async () => {
  await walk([[/^This does not work yet: It is parameter-wrong/, "standing", "next"], ...ALL], {
    trouble: error("usage", "parameter-wrong"),
  });
});

test("each failure has its page", () => {
  const pages: Readonly<Record<string, readonly [UserError["area"], string]>> = {
    host: ["host", "host-timeout"],
    login: ["host", "host-login-refused"],
    "host-key": ["host", "host-key-changed"],
    vm: ["destination", "destination-exists"],
    disks: ["source", "disk-read-error"],
  };
  for (const [page, [area, code]] of Object.entries(pages))
    assert.equal(mendingPage(error(area, code)), page);
  assert.equal(mendingPage(error("destination", "destination-full")), "host");
});

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
      [/"192.0.2.9" is no address with its mask/, "standing", "next"],
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

test("a passphrase is asked for until it opens something, reaches the job, and is in no answer that is kept", async () => {
  const state = { ...sampleEncryptedState(), live: false, lookedAt: false };
  const { nodes, edges } = state.machine.storage;
  const open = nodes.flatMap((node) =>
    node.holds.kind === "luks"
      ? [{ ...node, id: `${node.id}/crypt`, holds: { ...node.holds, kind: "crypt" } as const }]
      : [],
  );
  const storage = {
    nodes: [...nodes, ...open],
    edges: [...edges, ...open.map(({ id }) => ({ from: id, to: id.replace("/crypt", ""), map: null }))],
  };
  const tried: string[] = [];
  let answers: Answers | null = null;
  const { code, kept, seen } = await walk(
    [
      ["Welcome", "standing", "next"],
      ["Encrypted volumes", ["wrong"], "next"],
      ...ALL.slice(1, 5),
      [/luks-key-wrong/, [], "next"],
      ["Encrypted volumes", ["right"], "next"],
      ...ALL.slice(1),
    ],
    {
      state,
      inspect: async (_, { keys }) => {
        for (const { from } of keys)
          if (from.kind === "typed") tried.push(Buffer.from(from.secret.reveal()).toString());
        if (tried.at(-1) !== "right") throw error("source", "luks-key-wrong");
        return { machine: { ...state.machine, storage }, guest: state.guest, network: null, problems: [] };
      },
      job: async ({ state: last }) => {
        answers = jobAnswers(last);
        return { kind: "ended", code: 0 };
      },
    },
  );
  assert.equal(code, 0);
  assert.deepEqual(tried, ["wrong", "right"]);
  const keys = (answers as Answers | null)?.keys ?? [];
  assert.deepEqual(
    keys.map(({ from }) => from.kind),
    ["typed"],
  );
  assert.doesNotMatch(JSON.stringify([...(kept?.answers ?? [])]), /right|wrong/);
  assert.doesNotMatch(JSON.stringify({ kept, answers, seen }), /"right"/);
});
