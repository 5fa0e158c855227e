// SPDX-License-Identifier: Apache-2.0
// Archives of strangers, what df says, and disks that are numbered.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { BlockGraph, Holds } from "../../core/index.ts";
import { estimateUsage, findRootNode, numberDisks, sourceDisks } from "./disks.ts";
import { parseSpaces } from "./space.ts";
import { readSurvey } from "./survey.ts";
import { readTar } from "./tar.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const LIMITS = { entries: 10, fileBytes: 1000, pathChars: 200 };
const signal = new AbortController().signal;

type Member = { name: string; type?: string; content?: string; link?: string; size?: string };

function tar(...members: readonly Member[]): Buffer {
  const blocks = members.map(({ name, type = "0", content = "", link = "", size }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, "latin1");
    header.write("0000644\0", 100);
    header.write(size ?? `${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(link, 157, 100, "latin1");
    header.write("ustar\0", 257, "latin1");
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

test("readTar() reads files, directories, links and long names", () => {
  const long = `d/${"x".repeat(150)}`;
  const entries = readTar(
    tar(
      { name: "./", type: "5" },
      { name: "./etc/fstab", content: "text" },
      { name: "././@LongLink", type: "L", content: `${long}\0` },
      { name: "cut", content: "1" },
      { name: "lib", type: "2", link: "usr/lib" },
      { name: "pax", type: "x", content: "14 path=a/b/c\n" },
      { name: "short" },
    ),
    LIMITS,
  );
  assert.deepEqual(
    entries.map((entry) => [entry.kind, entry.path]),
    [
      ["directory", "/"],
      ["file", "/etc/fstab"],
      ["file", `/${long}`],
      ["link", "/lib"],
      ["file", "/a/b/c"],
    ],
  );
  assert.equal(entries[1]?.kind === "file" && Buffer.from(entries[1].bytes).toString(), "text");
  assert.equal(entries[3]?.kind === "link" && entries[3].target, "usr/lib");
});

test("readTar() refuses every archive that no collector makes", () => {
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [tar({ name: "/etc/passwd" }), /leads out/],
    [tar({ name: "a/../../etc/passwd" }), /leads out/],
    [tar({ name: "x", type: "L", content: "../up\0" }, { name: "y" }), /leads out/],
    [tar({ name: "x", type: "x", content: "16 path=../../a\n" }, { name: "y" }), /leads out/],
    [tar({ name: "x", type: "x", content: "99 path=a\n" }, { name: "y" }), /pax/],
    [tar({ name: "x", type: "x", content: "16 size=1000000\n" }, { name: "y" }), /pax/],
    [tar({ name: "sda", type: "4" }), /no file/],
    [tar({ name: "hard", type: "1", link: "/etc/passwd" }), /no file/],
    [tar({ name: "pipe", type: "6" }), /no file/],
    [tar({ name: "sparse", type: "S" }), /no file/],
    [tar({ name: "to", type: "2" }), /nowhere/],
    [tar({ name: "big", content: "x".repeat(1001) }), /more than 1000/],
    [tar({ name: "huge", size: "77777777777\0" }), /ends in the middle/],
    [tar({ name: "base256", size: "\x80\0\0\0\0\0\0\0\0\0\0\x01" }), /no tar header/],
    [tar(...Array.from({ length: 11 }, (_, index) => ({ name: `f${index}` }))), /more than 10 files/],
    [tar({ name: "x", type: "L", content: "y".repeat(70_000) }), /a name of/],
    [tar({ name: "a".repeat(99) }).subarray(0, 700), /ends in the middle/],
    [Buffer.from("hello"), /ends in the middle/],
    [Buffer.alloc(512, 1), /no tar header|damaged/],
  ];
  for (const [bytes, says] of cases) assert.throws(() => readTar(bytes, LIMITS), says);
});

test("readTar() either gives canonical paths or a RangeError, whatever is flipped", () => {
  const good = tar({ name: "./etc/fstab", content: "text" }, { name: "lib", type: "2", link: "usr/lib" });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
      const bytes = Buffer.from(good.subarray(0, end));
      if (at < bytes.length) bytes[at] = value;
      try {
        for (const { path } of readTar(bytes, LIMITS)) assert.match(path, /^\/(?!.*(^|\/)\.\.(\/|$))/);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
  );
});

async function archive(t: TestContext, bytes: Uint8Array): Promise<string> {
  const directory = await temporary(t);
  await writeFile(join(directory, "a.tar.gz"), bytes);
  return join(directory, "a.tar.gz");
}

test("readSurvey() says what is wrong with a file, and what to do", async (t) => {
  const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20), { level: 1 });
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [bomb, /more than 268435456 bytes are packed/],
    [gzipSync(tar({ name: "./etc/fstab" })).subarray(0, 60), /is it whole/],
    [tar({ name: "./etc/fstab", content: "x" }), /is no archive of the collector/],
    [tar({ name: "p2v/collector", content: "format=9\n" }), /another version/],
    [Buffer.alloc(0), /ends in the middle/],
  ];
  for (const [bytes, says] of cases)
    await assert.rejects(readSurvey(await archive(t, bytes), { signal }), (error: Error) => {
      assert.match(error.message, says);
      return (error as { code?: string }).code === "survey-wrong";
    });
});

test("links in an archive stay inside it, in circles too", async (t) => {
  const file = await archive(
    t,
    tar(
      { name: "p2v/collector", content: "format=1\ndate=2026-01-02T03:04:05Z\n" },
      { name: "etc/fstab", type: "2", link: "../../../../../etc/passwd" },
      { name: "etc/loop", type: "2", link: "loop" },
      { name: "etc/hostname", type: "2", link: "/etc/hostname" },
      { name: "proc/version", content: "Linux" },
      { name: "sys/block/sda", type: "2", link: "/dev" },
    ),
  );
  const { view, date, machine, disks } = await readSurvey(file, { signal });
  assert.equal(date, "2026-01-02T03:04:05Z");
  for (const path of ["/etc/fstab", "/etc/loop", "/etc/hostname"])
    assert.equal(await view.readText(path), null, path);
  assert.deepEqual([machine.storage.nodes, disks], [[], []]);
});

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
