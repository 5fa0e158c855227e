// SPDX-License-Identifier: Apache-2.0
// What df says, and disks that are numbered as a migration numbers them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, Holds } from "../../core/index.ts";
import { estimateUsage, findRootNode, numberDisks, sourceDisks } from "./disks.ts";
import { parseSpaces } from "./space.ts";

test("parseSpaces() takes df's lines, and nothing that only looks like one", () => {
  const blocks =
    "/dev/sda1 1000 400 500 45% /\n/dev/sdb1 10 0 10 0% /mnt/with blank\nnonsense\n/dev/x - - - - /x\n/dev/y 99999999999999999 1 1 1% /y\n";
  const [root, blank, x, ...more] = parseSpaces(
    blocks,
    "/dev/sda1 100 40 60 40% /\n/dev/sdb1 0 0 0 - /mnt/with blank\n",
  );
  assert.deepEqual(root, {
    source: "/dev/sda1",
    mount: "/",
    sizeBytes: 1_024_000,
    usedBytes: 409_600,
    freeBytes: 512_000,
    freeInodes: 60,
  });
  assert.deepEqual([blank?.mount, blank?.freeInodes], ["/mnt/with blank", null]);
  assert.equal(x?.usedBytes, 0);
  assert.deepEqual(more, []);
});

const GIB = 2 ** 30;

function graph(
  nodes: readonly (readonly [id: string, path: string, gib: number, holds: Holds])[],
  edges: readonly (readonly [from: string, to: string])[],
): BlockGraph {
  return {
    nodes: nodes.map(([id, path, gib, holds]) => ({
      id,
      path,
      sizeBytes: gib * GIB,
      sectorBytes: 512,
      holds,
    })),
    edges: edges.map(([from, to]) => ({ from, to, map: null })),
  };
}

const disk: Holds = { kind: "disk", serial: null, model: "", table: "gpt" };
const part = (number: number): Holds => ({
  kind: "partition",
  number,
  type: "83",
  uuid: null,
  bootable: null,
});
const fs = (uuid: string): Holds => ({ kind: "filesystem", type: "ext4", uuid, label: null });

const MIRROR = graph(
  [
    ["disk:sda", "/dev/sda", 100, disk],
    ["disk:sdb", "/dev/sdb", 100, disk],
    ["disk:sdc", "/dev/sdc", 50, disk],
    ["part:sda1", "/dev/sda1", 90, part(1)],
    ["part:sda1/md", "/dev/sda1", 90, { kind: "md-member", uuid: "m" }],
    ["part:sdb1", "/dev/sdb1", 90, part(1)],
    ["part:sdb1/md", "/dev/sdb1", 90, { kind: "md-member", uuid: "m" }],
    ["md:md0", "/dev/md0", 90, { kind: "md", uuid: "m", name: "md0", level: "raid1" }],
    ["md:md0/fs", "/dev/md0", 90, fs("root")],
    ["disk:sdc/fs", "/dev/sdc", 50, fs("data")],
  ],
  [
    ["part:sda1", "disk:sda"],
    ["part:sda1/md", "part:sda1"],
    ["part:sdb1", "disk:sdb"],
    ["part:sdb1/md", "part:sdb1"],
    ["md:md0", "part:sda1/md"],
    ["md:md0", "part:sdb1/md"],
    ["md:md0/fs", "md:md0"],
    ["disk:sdc/fs", "disk:sdc"],
  ],
);

test("numberDisks() names nodes as a migration does, and leaves out what lies on other disks", () => {
  const { disks, storage } = numberDisks(MIRROR, ["/dev/sda", "/dev/sdb"]);
  assert.deepEqual(
    disks.map(({ number, path }) => [number, path]),
    [
      [1, "/dev/sda"],
      [2, "/dev/sdb"],
    ],
  );
  assert.deepEqual(
    storage.nodes.map(({ id }) => id),
    [
      "disk:1",
      "disk:2",
      "disk:1/part:1",
      "disk:1/part:1/md",
      "disk:2/part:1",
      "disk:2/part:1/md",
      "md:md0",
      "md:md0/fs",
    ],
  );
  assert.ok(storage.edges.some(({ from, to }) => from === "md:md0" && to === "disk:2/part:1/md"));
  const holds = storage.nodes.find(({ id }) => id === "md:md0")?.holds;
  assert.equal(holds?.kind === "md" && holds.name, "0", "fstab's /dev/md0");
});

test("findRootNode() takes the kernel's word, and fstab's where that says nothing", () => {
  const { storage } = numberDisks(MIRROR, ["/dev/sda", "/dev/sdb"]);
  const root = (mounts: string, fstab: string): string | null => findRootNode(storage, { mounts, fstab });
  assert.equal(root("rootfs / rootfs rw\n/dev/md0 / ext4 rw\n", ""), "md:md0/fs");
  assert.equal(root("/dev/root / ext4 rw\n", "UUID=root / ext4 defaults\n"), "md:md0/fs");
  assert.equal(root("overlay / overlay rw\n", ""), null);
});

test("estimateUsage(): a mirror is sent twice, an unmounted volume whole", () => {
  const numbered = numberDisks(MIRROR, ["/dev/sda", "/dev/sdb", "/dev/sdc"]);
  const spaces = parseSpaces(`/dev/md0 1 ${(10 * GIB) / 1024} 1 1% /\n`, "");
  const usage = estimateUsage(numbered, { spaces, tables: { mounts: "", fstab: "" } });
  assert.deepEqual(
    usage.disks.map(({ usedBytes }) => usedBytes / GIB),
    [10, 10, 50],
  );
  assert.deepEqual(usage.whole, ["disk:3/fs"]);
});

test("a graph in a circle ends", () => {
  const round = graph(
    [
      ["disk:sda", "/dev/sda", 1, disk],
      ["lv:a", "/dev/mapper/a", 1, fs("a")],
      ["lv:b", "/dev/mapper/b", 1, fs("b")],
    ],
    [
      ["lv:a", "lv:b"],
      ["lv:b", "lv:a"],
      ["lv:a", "disk:sda"],
    ],
  );
  const usage = estimateUsage(numberDisks(round, ["/dev/sda"]), {
    spaces: [],
    tables: { mounts: "", fstab: "" },
  });
  assert.ok((usage.disks[0]?.usedBytes ?? 0) <= GIB);
});

test("a disk with several paths is one disk, and what LUKS holds is counted once, as sent whole", () => {
  const paths = graph(
    [
      ["disk:sda", "/dev/sda", 100, disk],
      ["disk:sdb", "/dev/sdb", 100, disk],
      ["disk:sdc", "/dev/sdc", 8, disk],
      ["disk:mpatha", "/dev/mapper/mpatha", 100, disk],
      ["disk:mpatha/luks", "/dev/mapper/mpatha", 100, { kind: "luks", uuid: "l" }],
      ["dm:crypt", "/dev/mapper/crypt", 99, { kind: "opaque", why: "made of LUKS" }],
      ["dm:crypt/fs", "/dev/mapper/crypt", 99, fs("root")],
    ],
    [
      ["disk:mpatha", "disk:sda"],
      ["disk:mpatha", "disk:sdb"],
      ["disk:mpatha/luks", "disk:mpatha"],
      ["dm:crypt", "disk:mpatha/luks"],
      ["dm:crypt/fs", "dm:crypt"],
    ],
  );
  const disks = sourceDisks(paths, new Set(["/dev/sdc"]));
  assert.deepEqual(disks, ["/dev/mapper/mpatha"]);
  const spaces = parseSpaces(`/dev/mapper/crypt 1 ${GIB / 1024} 1 1% /\n`, "");
  const usage = estimateUsage(numberDisks(paths, disks), { spaces, tables: { mounts: "", fstab: "" } });
  assert.deepEqual(
    usage.disks.map(({ usedBytes }) => usedBytes / GIB),
    [100],
  );
  assert.deepEqual(usage.whole, ["disk:1/luks"]);
});
