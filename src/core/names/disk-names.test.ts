// SPDX-License-Identifier: Apache-2.0
// Which disk had which name: by what is said of it, never by the order in which disks are given.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BlockEdge, BlockGraph, BlockNode, Holds, NodeId } from "../machine.ts";
import { contentId, diskId, partitionId } from "../storage/node-id.ts";
import type { Claim, Wanted } from "./claims.ts";
import type { Evidence } from "./claimed-names.ts";
import { type DiskNames, learnNames } from "./disk-names.ts";

type Part = Extract<Holds, { kind: "filesystem" | "swap" | "luks" | "lvm-pv" | "opaque" }>;
type Disk = { readonly name: string; readonly serial?: string; readonly parts: readonly Part[] };

const ext4 = (uuid: string, lastMount?: string): Part => ({
  kind: "filesystem",
  type: "ext4",
  uuid,
  label: null,
  ...(lastMount === undefined ? {} : { lastMount }),
});
const xfs = (uuid: string): Part => ({ kind: "filesystem", type: "xfs", uuid, label: null });
const SWAP: Part = { kind: "swap", uuid: "swap", label: null, hibernated: false };
const RANDOM: Part = { kind: "opaque", why: "no known content", content: "none-known" };

function makeGraph(disks: readonly Disk[]): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockEdge[] = [];
  const add = (id: NodeId, holds: Holds, below: NodeId | null): NodeId => {
    nodes.push({ id, path: "/disk.img", sizeBytes: 1024, sectorBytes: 512, holds });
    if (below !== null) edges.push({ from: id, to: below, map: null });
    return id;
  };
  for (const [index, { name, serial = null, parts }] of disks.entries()) {
    const disk = add(diskId(index + 1), { kind: "disk", serial, model: name, table: "mbr" }, null);
    for (const [place, holds] of parts.entries()) {
      const number = place + 1;
      const entry: Holds = { kind: "partition", number, type: "83", uuid: null, bootable: false };
      const part = add(partitionId(disk, number), entry, disk);
      if (holds.kind !== "opaque") add(contentId(part, holds), holds, part);
    }
  }
  return { nodes, edges };
}

const claim = (spec: string, wants: Wanted, firm = true): Claim => ({
  spec,
  from: "/etc/fstab",
  wants,
  firm,
});
const mount = (spec: string, path: string, types = "auto"): Claim =>
  claim(spec, { kind: "filesystem", types, path });

/** What was learned, by names of disks. */
function learn(
  disks: readonly Disk[],
  { claims, aliases = [], told = [] }: Partial<Evidence> & Pick<Evidence, "claims">,
): {
  known: Readonly<Record<string, string>>;
  unclear: Readonly<Record<string, readonly string[]>>;
  refused?: readonly string[];
} {
  const graph = makeGraph(disks);
  const root =
    graph.nodes.find(({ holds }) => holds.kind === "filesystem" && holds.uuid === "root")?.id ?? null;
  const names: DiskNames = learnNames({ claims, aliases, told }, { graph, root, mounted: new Map() });
  const nameOf = (id: NodeId): string => {
    const holds = graph.nodes.find((node) => node.id === id)?.holds;
    return holds?.kind === "disk" ? holds.model : id;
  };
  return {
    known: Object.fromEntries(
      names.known.map(({ key, disk, because }) => [key, `${nameOf(disk)}: ${because}`]),
    ),
    unclear: Object.fromEntries(
      names.unclear.map(({ key, disks: all }) => [key, all.map(nameOf).toSorted()]),
    ),
    ...(names.refused === undefined
      ? {}
      : { refused: names.refused.map(({ spec, disk, why }) => `${spec} ${nameOf(disk)}: ${why}`) }),
  };
}

const SYSTEM: Disk = { name: "system", parts: [ext4("root"), SWAP] };

const CASES: Readonly<
  Record<string, { disks: readonly Disk[]; claims: readonly Claim[]; known: object; unclear?: object }>
> = {
  "the disk that holds the root is the one that its line names": {
    disks: [SYSTEM],
    claims: [mount("/dev/sdb1", "/"), claim("/dev/sdb2", { kind: "swap" })],
    known: { "order:sd:1": "system: proven" },
  },
  "a file system says where it was mounted": {
    disks: [SYSTEM, { name: "a", parts: [ext4("a", "/srv/a")] }, { name: "b", parts: [ext4("b", "/srv/b")] }],
    claims: [mount("/dev/sda1", "/"), mount("/dev/sdb1", "/srv/b"), mount("/dev/sdc1", "/srv/a")],
    known: { "order:sd:0": "system: proven", "order:sd:1": "b: proven", "order:sd:2": "a: proven" },
  },
  "of two that fit neither is taken": {
    disks: [SYSTEM, { name: "a", parts: [xfs("a")] }, { name: "b", parts: [xfs("b")] }],
    claims: [mount("/dev/sda1", "/"), mount("/dev/sdb1", "/srv/b", "xfs")],
    known: { "order:sd:0": "system: proven" },
    unclear: { "order:sd:1": ["a", "b"] },
  },
  "the only one that fits is taken, though others are given": {
    disks: [{ name: "a", parts: [xfs("a")] }, SYSTEM, { name: "b", parts: [ext4("b"), SWAP] }],
    claims: [mount("/dev/sdq1", "/srv/b", "xfs")],
    known: { "order:sd:16": "a: fits" },
  },
  "two names for one fitting disk: neither": {
    disks: [SYSTEM, { name: "a", parts: [xfs("a")] }],
    claims: [mount("/dev/sdb1", "/a", "xfs"), mount("/dev/sdc1", "/b", "xfs")],
    known: {},
    unclear: { "order:sd:1": ["a"], "order:sd:2": ["a"] },
  },
  "what lies elsewhere on the disk speaks against it": {
    disks: [SYSTEM, { name: "a", parts: [xfs("a")] }],
    claims: [mount("/dev/sdb1", "/a", "xfs"), mount("/dev/sdb2", "/b", "xfs")],
    known: {},
  },
  "swap with a random key is where nothing is known to lie": {
    disks: [SYSTEM, { name: "data", parts: [ext4("data")] }, { name: "noise", parts: [RANDOM] }],
    claims: [claim("/dev/sdb1", { kind: "random-swap" })],
    known: {},
  },
  "a record of LVM or blkid beside a UUID": {
    disks: [{ name: "a", parts: [xfs("u-1")] }, { name: "b", parts: [xfs("u-2")] }, SYSTEM],
    claims: [claim("/dev/sdb1", { kind: "uuid", uuid: "U2" }, false), mount("/dev/sdb1", "/b", "xfs")],
    known: { "order:sd:1": "b: recorded" },
  },
  "the root outweighs an old record, and what the root is no other name is": {
    disks: [SYSTEM],
    claims: [mount("/dev/sda1", "/"), claim("/dev/sdb1", { kind: "uuid", uuid: "root" }, false)],
    known: { "order:sd:0": "system: proven" },
  },
  "a link with the serial number, and one with another": {
    disks: [{ ...SYSTEM, serial: "WD-WCC4E1234567" }],
    claims: [
      claim("/dev/disk/by-id/ata-WDC_WD-WCC4E1234567-part9", { kind: "any" }),
      claim("/dev/disk/by-id/ata-OTHER_S1234567-part2", { kind: "swap" }),
    ],
    known: { "link:ata-WDC_WD-WCC4E1234567": "system: serial" },
  },
  "links of two kinds for one disk": {
    disks: [SYSTEM],
    claims: [
      mount("/dev/disk/by-id/ata-ST1000NM0011_Z1N0ABCD-part1", "/"),
      claim("/dev/disk/by-path/pci-0000:00:1f.2-ata-1-part2", { kind: "swap" }),
    ],
    known: {
      "link:ata-ST1000NM0011_Z1N0ABCD": "system: proven",
      "link:pci-0000:00:1f.2-ata-1": "system: fits",
    },
  },
  "a RAID of the firmware": {
    disks: [SYSTEM],
    claims: [mount("/dev/md126p1", "/"), claim("/dev/mapper/isw_cbbhg_Volume0p2", { kind: "swap" })],
    known: { "firmware-raid:126": "system: proven", "firmware-raid:isw_cbbhg_Volume0": "system: fits" },
  },
  "a line that may be old does not speak against a disk": {
    disks: [SYSTEM],
    claims: [
      mount("/dev/sda1", "/"),
      claim("/dev/sda7", { kind: "filesystem", types: "ext3", path: "/old" }, false),
    ],
    known: { "order:sd:0": "system: proven" },
  },
  "two names that both are the root's": {
    disks: [SYSTEM],
    claims: [mount("/dev/sda1", "/"), mount("/dev/sdb1", "/")],
    known: {},
    unclear: { "order:sd:0": ["system"], "order:sd:1": ["system"] },
  },
};

for (const [title, { disks, claims, known, unclear = {} }] of Object.entries(CASES))
  test(title, () => assert.deepEqual(learn(disks, { claims }), { known, unclear }));

test("GRUB's device.map makes of two names one", () => {
  const aliases = [["hd0", "/dev/sdb"]] as const;
  const { known } = learn([SYSTEM], { claims: [mount("/dev/sdb1", "/")], aliases });
  assert.deepEqual(known, { "order:sd:1": "system: proven", "firmware:0": "system: proven" });
});

test("the order of the disks changes nothing", () => {
  for (const [title, { disks, claims }] of Object.entries(CASES)) {
    const wanted = learn(disks, { claims });
    fc.assert(
      fc.property(fc.shuffledSubarray([...disks], { minLength: disks.length }), (shuffled) => {
        assert.deepEqual(learn(shuffled, { claims }), wanted, title);
      }),
      { numRuns: 20 },
    );
  }
});

test("what the user says counts, and leaves less to guess of the others", () => {
  const disks: readonly Disk[] = [SYSTEM, { name: "a", parts: [xfs("a")] }, { name: "b", parts: [xfs("b")] }];
  const claims = [
    mount("/dev/sda1", "/"),
    mount("/dev/sdb1", "/srv/b", "xfs"),
    mount("/dev/sdc1", "/srv/c", "xfs"),
  ];
  assert.deepEqual(Object.keys(learn(disks, { claims }).unclear), ["order:sd:1", "order:sd:2"]);
  assert.deepEqual(learn(disks, { claims, told: [{ spec: "/dev/sdc", disk: diskId(2) }] }), {
    known: { "order:sd:0": "system: proven", "order:sd:2": "a: told", "order:sd:1": "b: fits" },
    unclear: {},
  });
  // Of a name that no file has: the disk is not any other one's.
  const told = [{ spec: "/dev/sdd", disk: diskId(3) }];
  assert.deepEqual(learn(disks, { claims: claims.slice(0, 2), told }).known["order:sd:1"], "a: fits");
});

test("what the user says does not count against what lies there, and a mistyped name is told", () => {
  const disks: readonly Disk[] = [SYSTEM, { name: "a", parts: [xfs("a")] }];
  const claims = [mount("/dev/sda1", "/"), mount("/dev/sdb1", "/srv", "xfs")];
  const swapped = learn(disks, {
    claims,
    told: [
      { spec: "/dev/sda", disk: diskId(2) },
      { spec: "/dev/sdb", disk: diskId(1) },
    ],
  });
  assert.deepEqual(swapped.refused, ["/dev/sda a: against", "/dev/sdb system: against"]);
  assert.deepEqual(swapped.known, { "order:sd:0": "system: proven", "order:sd:1": "a: fits" });
  assert.deepEqual(learn(disks, { claims, told: [{ spec: "/dev/sdq", disk: diskId(2) }] }).refused, [
    "/dev/sdq a: unused",
  ]);
});
