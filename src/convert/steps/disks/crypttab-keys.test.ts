// SPDX-License-Identifier: Apache-2.0
// Keys of crypttab: on devices that get stable names, and on what stays behind.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { fakeGuest, proposeStep, textAfter } from "../../../../tests/support/guests/convert-guest.ts";
import {
  diskGraph,
  SWAP_UUID,
  testGuestOS,
  testIntent,
} from "../../../../tests/support/guests/sample-guest.ts";
import { type Mount, namesIn } from "../../../core/index.ts";
import { crypttab } from "./crypttab.ts";

const LUKS = "11111111-2222-4333-8444-555555555555";

/** The sample's disk, with an encrypted volume beside its root. */
const STORAGE = (() => {
  const { nodes, edges } = diskGraph();
  const part = { kind: "partition", number: 3, type: "83", uuid: "1234abcd-03", bootable: false } as const;
  const [base] = nodes;
  assert.ok(base);
  return {
    nodes: [
      ...nodes,
      { ...base, id: "disk:1/part:3", holds: part },
      { ...base, id: "disk:1/part:3/luks", holds: { kind: "luks", uuid: LUKS } as const },
    ],
    edges: [
      ...edges,
      { from: "disk:1/part:3", to: "disk:1", map: null },
      { from: "disk:1/part:3/luks", to: "disk:1/part:3", map: null },
    ],
  };
})();

const STICK: Mount = {
  path: "/media/stick",
  spec: "LABEL=STICK",
  type: "vfat",
  options: "nofail",
  node: null,
};

async function convert(t: TestContext, line: string): Promise<{ text: string; lost: readonly string[] }> {
  const guest = await fakeGuest(t, {
    files: { "/etc/crypttab": `${line}\n`, "/etc/keys/data": "x" },
    guest: testGuestOS({ mounts: [STICK] }),
    intent: testIntent({ storage: STORAGE }),
  });
  const { changes, problems } = await proposeStep(crypttab, guest);
  const text =
    changes.length === 0 ? line : (await textAfter(changes, "/etc/crypttab", guest.blobs)).trimEnd();
  const lost = problems.filter(({ code }) => code === "key-not-given");
  return { text, lost: lost.flatMap((problem) => namesIn(problem, "device").slice(1)) };
}

test("a device that holds a key gets a stable name, as its reader takes it", async (t) => {
  const by = `/dev/disk/by-uuid/${SWAP_UUID}`;
  for (const [before, after] of [
    ["/key:/dev/sda2 luks", `/key:${by} luks`],
    ["/dev/sda2 luks,keyfile-offset=4096", `${by} luks,keyfile-offset=4096`],
    [
      "/dev/sda2:/keys/web:10 luks,keyscript=/lib/cryptsetup/scripts/passdev",
      `${by}:/keys/web:10 luks,keyscript=/lib/cryptsetup/scripts/passdev`,
    ],
    ["/etc/keys/data luks", "/etc/keys/data luks"],
    ["none luks,header=/dev/sda2,discard # x", `none luks,header=${by},discard # x`],
    ["none header=/hdr:/dev/sda2", `none header=/hdr:${by}`],
    ["none luks,header=/etc/keys/data", "none luks,header=/etc/keys/data"],
    ["/dev/urandom swap,plain", "/dev/urandom swap,plain"],
    ["/run/systemd/key luks", "/run/systemd/key luks"],
    ["web luks,keyscript=/usr/local/sbin/ask", "web luks,keyscript=/usr/local/sbin/ask"],
  ] as const)
    assert.deepEqual(await convert(t, `data UUID=${LUKS} ${before}`), {
      text: `data UUID=${LUKS} ${after}`,
      lost: [],
    });
});

test("a key or header that stays behind is reported, with what it lies on", async (t) => {
  for (const [fields, device] of [
    ["/keys/web:LABEL=KEYSTICK luks", "LABEL=KEYSTICK"],
    ["/key:/dev/sdb1 luks", "/dev/sdb1"],
    ["/dev/disk/by-id/usb-Kingston_0-0:0 luks,keyfile-size=4096", "/dev/disk/by-id/usb-Kingston_0-0:0"],
    ["/dev/disk/by-label/STICK:/key luks,keyscript=passdev", "/dev/disk/by-label/STICK"],
    ["/media/stick/key luks", "LABEL=STICK"],
    ["/etc/keys/gone luks", "/etc/keys/gone"],
    ["none luks,header=/hdr:UUID=ABCD-0123", "UUID=ABCD-0123"],
  ] as const)
    assert.deepEqual(await convert(t, `data UUID=${LUKS} ${fields}`), {
      text: `data UUID=${LUKS} ${fields}`,
      lost: [device],
    });
  for (const fields of ["UUID=0 /key:LABEL=STICK luks,noauto", `UUID=${LUKS} none luks`])
    assert.deepEqual((await convert(t, `data ${fields}`)).lost, []);
});

test("a volume that is named by UUID and not given is reported, unless the boot goes on without it", async (t) => {
  const lines = [
    "gone UUID=99999999-2222-4333-8444-555555555555 none luks",
    "later LABEL=x none luks,nofail",
    "hand PARTUUID=1234abcd-09 none luks,noauto",
    `here UUID=${SWAP_UUID} none plain`,
  ];
  const guest = await fakeGuest(t, { files: { "/etc/crypttab": `${lines.join("\n")}\n` } });
  const { problems } = await proposeStep(crypttab, guest);
  assert.deepEqual(
    problems.map((problem) => [problem.code, ...namesIn(problem, "device")]),
    [["crypttab-not-given", "UUID=99999999-2222-4333-8444-555555555555"]],
  );
});
