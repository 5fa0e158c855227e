// SPDX-License-Identifier: Apache-2.0
// Software RAID 0, 5 and 10: read as one volume without md, and only what is in use is sent. That the kernel weaves as we do
// is judged where there is device-mapper (tests/live/woven.test.ts).
import assert from "node:assert/strict";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  bytesOf,
  chunkPlaces,
  rangesOf,
  type Weave,
  weaveBytes,
  wovenNodes,
} from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../../../src/inspect/index.ts";
import { bytesReader } from "../../../src/inspect/storage/reader.ts";
import { weaveReader } from "../../../src/inspect/storage/md/weave-reader.ts";
import { attachVolumes, openOverlay } from "../../../src/overlay/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { LVCREATE, lvm } from "../../support/disks/lvm.ts";
import { type MdSpec, mdSuperblock } from "../../support/disks/md.ts";
import { noise } from "../../../lab/noise.ts";
import { leavingNothing, never as signal } from "../../support/disks/overlays.ts";
import { scratch } from "../../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 32 * MIB;
const CHUNK = 64 * 1024;

type Kind = {
  readonly level: 0 | 5 | 10;
  readonly layout: number;
  readonly count: number;
  readonly version?: MdSpec["version"];
};

const KINDS: readonly Kind[] = [
  { level: 0, layout: 0, count: 3 },
  { level: 0, layout: 0, count: 2, version: "0.90" },
  ...[0, 1, 2, 3].map((layout) => ({ level: 5, layout, count: 3 + (layout % 2) }) as const),
  { level: 5, layout: 2, count: 3, version: "0.90" },
  { level: 10, layout: 0x102, count: 4 },
  { level: 10, layout: 0x102, count: 3, version: "1.0" },
];

/** What a person would draw on paper: chunks in their places, parity where none is. */
function weaveOut(weave: Weave, array: Buffer): readonly Buffer[] {
  const members = weave.members.map(() => Buffer.alloc(weave.memberBytes));
  const rows = new Map<number, Set<number>>();
  for (let chunk = 0; chunk < weaveBytes(weave) / CHUNK; chunk += 1)
    for (const { member, row } of chunkPlaces(weave, chunk)) {
      array.copy(members[member] ?? Buffer.alloc(0), row * CHUNK, chunk * CHUNK, (chunk + 1) * CHUNK);
      rows.set(row, (rows.get(row) ?? new Set()).add(member));
    }
  if (weave.level === "raid5")
    for (const [row, taken] of rows) {
      const parity = members.findIndex((_, index) => !taken.has(index));
      const out = members[parity]?.subarray(row * CHUNK, (row + 1) * CHUNK) ?? Buffer.alloc(0);
      for (const index of taken) {
        const part = members[index]?.subarray(row * CHUNK, (row + 1) * CHUNK) ?? Buffer.alloc(0);
        for (let i = 0; i < CHUNK; i += 1) out[i] = (out[i] ?? 0) ^ (part[i] ?? 0);
      }
    }
  return members;
}

type Made = AsyncDisposable & {
  readonly directory: string;
  readonly paths: readonly string[];
  readonly array: Buffer;
};

/** Disks that are members as a whole; the array has an ext4 with a file, or what `fill` makes of it. */
async function makeArray(
  { level, layout, count, version = "1.2" }: Kind,
  more: { readonly fill?: (path: string) => Promise<void>; readonly dirty?: boolean } = {},
): Promise<Made> {
  const made = await scratch();
  const directory = made.path;
  const spec = {
    version,
    sizeBytes: SIZE,
    events: 9,
    members: count,
    level,
    layout,
    chunkBytes: CHUNK,
    ...more,
  };
  const { data } = mdSuperblock({ ...spec, role: 0 });
  const weave: Weave = {
    level: `raid${level}`,
    chunkBytes: CHUNK,
    layout: level === 10 ? layout & 0xff : layout,
    memberBytes: Math.floor(data.sizeBytes / CHUNK) * CHUNK,
    members: Array.from({ length: count }, () => ({ node: "", start: 0 })),
  };
  const image = join(directory, "array.img");
  await run(["truncate", "-s", `${weaveBytes(weave)}`, image]);
  await (more.fill ?? makeExt4)(image);
  const array = await readFile(image);
  const paths: string[] = [];
  for (const [role, bytes] of weaveOut(weave, array).entries()) {
    const disk = Buffer.alloc(SIZE, 0);
    const superblock = mdSuperblock({ ...spec, role });
    superblock.bytes.copy(disk, superblock.at);
    bytes.copy(disk, data.start);
    const path = join(directory, `member-${role}.img`);
    await writeFile(path, disk);
    paths.push(path);
  }
  return { directory, paths, array, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

const content = noise("woven", 5 * MIB);

async function makeExt4(path: string): Promise<void> {
  const tree = `${path}.d`;
  await run(["mkdir", tree]);
  await writeFile(join(tree, "file"), content);
  await run(["mkfs.ext4", "-q", "-d", tree, path]);
  await rm(tree, { recursive: true });
}

const openAll = (paths: readonly string[]) =>
  Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));

for (const kind of KINDS) {
  const title = `RAID ${kind.level}, layout ${kind.layout}, ${kind.count} members (${kind.version ?? "1.2"})`;
  test(`${title}: its file system is found, and spoiling all that is not sent leaves it whole`, () =>
    leavingNothing(async () => {
      await using made = await makeArray(kind);
      const { graph, problems } = await readDiskGraph(await openAll(made.paths), { signal });
      assert.deepEqual(problems, []);
      const weave = wovenNodes(graph).get("md:0");
      const found = graph.nodes.find(({ id }) => id === "md:0/fs");
      assert.ok(weave !== undefined && found?.holds.kind === "filesystem" && found.holds.type === "ext4");
      assert.equal(found.sizeBytes, made.array.length);

      const views = new Map(made.paths.map((path, index) => [index + 1, path]));
      const { maps, notes } = await readUsedMaps({ graph, views, signal });
      assert.deepEqual(notes, []);
      const members = await Promise.all(made.paths.map((path) => readFile(path)));
      for (const [index, bytes] of members.entries()) {
        const map = maps.get(index + 1) ?? { size: 0, runs: [] };
        assert.ok(bytesOf(map, "unused") > SIZE / 2, `${bytesOf(map, "unused")} bytes of member ${index}`);
        for (const { start, end } of rangesOf(map, "unused")) bytes.fill(0xa5, start, end);
      }
      const reader = weaveReader(weave, members.map(bytesReader));
      const parts: Uint8Array[] = [];
      for (let at = 0; at < reader.sizeBytes; at += MIB) parts.push(await reader.read(at, MIB));
      const again = join(made.directory, "again.img");
      await writeFile(again, Buffer.concat(parts));
      await run(["e2fsck", "-f", "-n", again]);
      assert.ok(Buffer.concat(parts).includes(content.subarray(0, 4096)));
    }));
}

test("a missing member: RAID 5 and 10 are read without it, RAID 0 and a RAID 5 that was not shut down are not opened", () =>
  leavingNothing(async () => {
    for (const kind of [
      { level: 5, layout: 2, count: 3 },
      { level: 10, layout: 0x102, count: 4 },
    ] as const) {
      await using made = await makeArray(kind);
      for (let lost = 0; lost < kind.count; lost += 1) {
        const disks = await openAll(made.paths.filter((_, index) => index !== lost));
        const { graph, problems } = await readDiskGraph(disks, { signal });
        assert.deepEqual(
          problems.map(({ code }) => code),
          ["md-degraded"],
        );
        const weave = wovenNodes(graph).get("md:0");
        assert.ok(weave !== undefined && weave.members[lost] === null);
        const all = await Promise.all(made.paths.map((path) => readFile(path)));
        const here = all.map((bytes, index) => (index === lost ? null : bytesReader(bytes)));
        const reader = weaveReader(weave, here);
        const [at, length] = [CHUNK / 2, 9 * CHUNK];
        assert.ok(Buffer.from(await reader.read(at, length)).equals(made.array.subarray(at, at + length)));
        assert.ok(graph.nodes.some(({ id }) => id === "md:0/fs"));
      }
    }
    await using striped = await makeArray({ level: 0, layout: 0, count: 3 });
    const some = await readDiskGraph(await openAll(striped.paths.slice(0, 2)), { signal });
    assert.match(String(some.problems[0]?.text), /raid0, and too many members of it are missing/);
    await using dirty = await makeArray({ level: 5, layout: 2, count: 3 }, { dirty: true });
    const whole = await readDiskGraph(await openAll(dirty.paths), { signal });
    assert.deepEqual(whole.problems, []);
    const torn = await readDiskGraph(await openAll(dirty.paths.slice(1)), { signal });
    assert.match(String(torn.problems[0]?.text), /raid5, and it was not shut down, and a member is missing/);
  }));

test("LVM on RAID 5: its volumes are found, and free extents are not sent", () =>
  leavingNothing(async () => {
    const fill = async (image: string): Promise<void> => {
      const { size } = await stat(image);
      await using loop = await attachLoop(image, { offset: 0, sizeBytes: size, readOnly: false });
      const { path } = loop;
      await lvm([path], ["pvcreate", "-y", path]);
      await lvm([path], ["vgcreate", "vg0", path]);
      await lvm([path], [...LVCREATE, "-n", "root", "-L", "16M", "vg0"]);
    };
    await using made = await makeArray({ level: 5, layout: 2, count: 3 }, { fill });
    const { graph, problems } = await readDiskGraph(await openAll(made.paths), { signal });
    assert.deepEqual(problems, []);
    assert.ok(graph.nodes.some(({ id }) => id === "lv:vg0/root"));
    const views = new Map(made.paths.map((path, index) => [index + 1, path]));
    const { maps } = await readUsedMaps({ graph, views, signal });
    for (const map of maps.values()) assert.ok(bytesOf(map, "unused") > 20 * MIB);
  }));

test("without device-mapper such an array is not opened for writing, and it is said why", () =>
  leavingNothing(async (storeDirectory) => {
    await using made = await makeArray({ level: 0, layout: 0, count: 2 });
    const disks = await openAll(made.paths);
    const { graph } = await readDiskGraph(disks, { signal });
    await using scope = new AsyncDisposableStack();
    const views = [];
    for (const disk of disks) views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
    await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
    const device = await volumes.device("md:0/fs");
    const targets = (await run(["dmsetup", "targets"], { allowCodes: [1] })).stdout;
    if (/^raid\s/m.test(targets)) assert.ok("path" in device);
    else assert.match("unavailable" in device ? device.unavailable : "", /no device-mapper to join a RAID/);
  }));
