// SPDX-License-Identifier: Apache-2.0
// What is on disks, judged by the tools that made them: sfdisk, blkid, LVM, losetup.
import assert from "node:assert/strict";
import { mkdir, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type BlockGraph,
  bytesOf,
  contiguousExtent,
  diskSegments,
  findNode,
  rangesOf,
  type SourceDisk,
  UserError,
} from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/storage/index.ts";
import { refuseInUse } from "../../../src/inspect/machine/index.ts";
import { readUsedMaps } from "../../../src/inspect/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { makeFilesystem, noise } from "../../support/disks/filesystems.ts";
import { LVCREATE, lvm } from "../../support/disks/lvm.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

async function graphOf(t: TestContext, ...paths: readonly string[]) {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  return { disks, ...(await readDiskGraph(disks, { signal: t.signal })) };
}

function holdsOf(graph: BlockGraph, id: string) {
  const node = findNode(graph, id);
  assert.ok(node, `${id} is in ${graph.nodes.map((one) => one.id).join(" ")}`);
  return node.holds;
}

type Sfdisk = {
  partitiontable: {
    label: string;
    sectorsize: number;
    partitions: {
      node: string;
      start: number;
      size: number;
      type: string;
      uuid?: string;
      bootable?: boolean;
    }[];
  };
};

const SCRIPTS: Readonly<Record<string, string>> = {
  "an MBR with primary partitions":
    "label: dos\n1: size=2M, type=83, bootable\n2: size=3M, type=82\n4: type=8e\n",
  "an MBR with logical partitions":
    "label: dos\n1: size=2M, type=83\n2: size=1M, type=ef\n4: type=5\n5: size=4M, type=83\n6: size=1M, type=82\n7: size=2M, type=8e\n",
  "an MBR whose extended partition comes first":
    "label: dos\n1: size=20M, type=f\n5: size=3M\n6: size=3M\n2: size=5M, type=c\n",
  "a GPT":
    'label: gpt\n1: size=2M, type=U, name="EFI System"\n3: size=4M, type=L, attrs=LegacyBIOSBootable\n4: type=V\n',
  "a GPT of few entries": "label: gpt\ntable-length: 4\n1: size=2M\n2: size=2M\n",
};

for (const [name, script] of Object.entries(SCRIPTS))
  test(`${name} is read as sfdisk reads it`, async (t) => {
    const path = join(await temporary(t), "disk.img");
    await writeFile(path, "");
    await truncate(path, 64 * MIB);
    await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path], { input: script });
    const { partitiontable } = JSON.parse((await run(["sfdisk", "--json", path])).stdout) as Sfdisk;
    const { graph, problems } = await graphOf(t, path);
    assert.deepEqual(problems, []);
    const found = graph.nodes.flatMap((node) => {
      if (node.holds.kind !== "partition") return [];
      const { number, type, uuid, bootable } = node.holds;
      const extent = contiguousExtent(graph, node.id);
      assert.ok(extent.kind === "extent");
      return [{ number, start: extent.start, size: node.sizeBytes, type, bootable, uuid }];
    });
    const isGpt = partitiontable.label === "gpt";
    const expected = partitiontable.partitions.map((part) => {
      const number = Number(part.node.slice(path.length));
      const sameUuid = found.find((one) => one.number === number)?.uuid ?? null;
      return {
        number,
        start: part.start * 512,
        size: part.size * 512,
        type: part.type,
        bootable: part.bootable ?? /LegacyBIOSBootable/.test(JSON.stringify(part)),
        uuid: isGpt ? (part.uuid ?? "").toLowerCase() : sameUuid,
      };
    });
    assert.deepEqual(found, expected);
    const disk = holdsOf(graph, "disk:1");
    assert.equal(disk.kind === "disk" && disk.table, isGpt ? "gpt" : "mbr");
  });

test("a disk of 4 KiB sectors is read in its own units, as device and as image", async (t) => {
  const path = join(await temporary(t), "disk.img");
  await writeFile(path, "");
  await truncate(path, 64 * MIB);
  await using loop = await attachLoop(path, {
    offset: 0,
    sizeBytes: 64 * MIB,
    readOnly: false,
    sectorBytes: 4096,
  });
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", loop.path], {
    input: "label: gpt\n1: size=8M\n2: size=8M\n",
  });
  for (const source of [loop.path, path]) {
    const { disks, graph } = await graphOf(t, source);
    assert.equal(disks[0]?.sectorBytes, 4096);
    const extent = contiguousExtent(graph, "disk:1/part:1");
    assert.deepEqual(extent, { kind: "extent", disk: "disk:1", start: MIB, end: 9 * MIB });
  }
});

test("contents are nodes above their partitions", async (t) => {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 1, fs: "none", type: "21686148-6449-6E6F-744E-656564454649" },
      { sizeMb: 8, fs: "vfat", label: "ESP", uuid: "12345678" },
      { sizeMb: 16, fs: "ext4", label: "ro ot", uuid: "11111111-2222-3333-4444-555555555555" },
      { sizeMb: 8, fs: "swap", label: "sw", uuid: "21111111-2222-3333-4444-555555555555" },
    ],
  });
  const { graph } = await graphOf(t, disk.path);
  assert.deepEqual(holdsOf(graph, "disk:1/part:2/fs"), {
    kind: "filesystem",
    type: "vfat",
    uuid: "1234-5678",
    label: "ESP",
  });
  assert.deepEqual(holdsOf(graph, "disk:1/part:3/fs"), {
    kind: "filesystem",
    type: "ext4",
    uuid: "11111111-2222-3333-4444-555555555555",
    label: "ro ot",
  });
  assert.deepEqual(holdsOf(graph, "disk:1/part:4/swap"), {
    kind: "swap",
    uuid: "21111111-2222-3333-4444-555555555555",
    label: "sw",
    hibernated: false,
  });
  assert.equal(holdsOf(graph, "disk:1/part:1/opaque").kind, "opaque");
  const [, , ext4] = disk.partitions;
  const extent = contiguousExtent(graph, "disk:1/part:3/fs");
  assert.deepEqual(extent, { kind: "extent", disk: "disk:1", start: ext4?.start, end: ext4?.end });
});

test("a file system without a table is found on the disk itself", async (t) => {
  for (const fs of ["ext4", "vfat"] as const) {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 16, fs, label: "WHOLE" }] });
    const { graph } = await graphOf(t, disk.path);
    const holds = holdsOf(graph, "disk:1/fs");
    assert.deepEqual(holds.kind === "filesystem" && [holds.type, holds.label], [fs, "WHOLE"]);
    const whole = holdsOf(graph, "disk:1");
    assert.equal(whole.kind === "disk" && whole.table, "none");
  }
});

test("a hibernated system is seen in its swap, and nothing of it is left out", async (t) => {
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "swap" }] });
  const start = disk.partitions[0]?.start ?? 0;
  const file = await open(disk.path, "r+");
  await file.write(Buffer.from("S1SUSPEND\0"), 0, 10, start + 4086);
  await file.close();
  const { graph } = await graphOf(t, disk.path);
  const holds = holdsOf(graph, "disk:1/part:1/swap");
  assert.equal(holds.kind === "swap" && holds.hibernated, true);
  const { maps } = await readUsedMaps({ graph, views: new Map([[1, disk.path]]), signal: t.signal });
  const map = maps.get(1);
  assert.equal(map && bytesOf(map, "data"), disk.sizeBytes);
});

test("luks and md members are whole", async (t) => {
  const luks = Buffer.alloc(4096);
  luks.write("LUKS\xba\xbe\0\x01", 0, "latin1");
  luks.write("11111111-2222-3333-4444-555555555555", 168, "latin1");
  const md = Buffer.alloc(8192);
  md.writeUInt32LE(0xa92b4efc, 4096);
  md.writeUInt32LE(1, 4096 + 4); // version 1.2: superblock at 4096
  md.fill(0x11, 4096 + 16, 4096 + 32);
  md.writeBigUInt64LE(8n, 4096 + 144);
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 4, fs: "none", content: luks },
      { sizeMb: 4, fs: "none", content: md },
    ],
  });
  const { graph } = await graphOf(t, disk.path);
  assert.deepEqual(holdsOf(graph, "disk:1/part:1/luks"), {
    kind: "luks",
    uuid: "11111111-2222-3333-4444-555555555555",
  });
  assert.equal(holdsOf(graph, "disk:1/part:2/md").kind, "md-member");
  const { maps, notes } = await readUsedMaps({ graph, views: new Map([[1, disk.path]]), signal: t.signal });
  const map = maps.get(1);
  assert.equal(map && bytesOf(map, "unused"), 0);
  assert.match(notes.map((note) => note.text).join("\n"), /part:1\/luks.*encrypted\n.*part:2\/md.*RAID/);
});

async function refusal(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.area, "source");
    assert.ok(error.advice.length > 10);
    return `${error.code}: ${error.message}`;
  }
  return "";
}

test("openSourceDisk() says plainly why something is no disk", async (t) => {
  const directory = await temporary(t);
  const at = (name: string): string => join(directory, name);
  await writeFile(at("empty"), "");
  await writeFile(at("odd"), Buffer.alloc(1000));
  await writeFile(at("qcow2"), Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(508)]));
  await run(["mkfifo", at("pipe")]);
  assert.match(await refusal(openSourceDisk(at("none"), 1)), /^source-missing: There is no .*none$/);
  assert.match(await refusal(openSourceDisk(at("odd/below"), 1)), /^source-missing/);
  assert.match(await refusal(openSourceDisk(at("empty"), 1)), /^image-empty/);
  assert.match(await refusal(openSourceDisk(at("odd"), 1)), /^image-odd-size: .*1000 bytes/);
  assert.match(await refusal(openSourceDisk(at("qcow2"), 1)), /^image-not-raw: .*QCOW2/);
  assert.match(await refusal(openSourceDisk(directory, 1)), /^source-not-a-disk/);
  assert.match(await refusal(openSourceDisk(at("pipe"), 1)), /^source-not-a-disk/);
  assert.match(await refusal(openSourceDisk("/dev/null", 1)), /^source-not-a-disk/);
});

test("a file another user may not read is refused with advice", {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "secret.img");
  await writeFile(path, Buffer.alloc(512), { mode: 0o600 });
  await run(["chmod", "755", directory]);
  const script = `import { openSourceDisk } from ${JSON.stringify(new URL("../../../src/inspect/storage/index.ts", import.meta.url).href)};
    process.setgid(65534); process.setgroups([]); process.setuid(65534);
    await openSourceDisk(${JSON.stringify(path)}, 1).catch((error) => console.log(error.area, error.code));`;
  const { stdout } = await run([process.execPath, "--input-type=module-typescript", "--eval", script]);
  assert.equal(stdout.trim(), "source source-no-permission");
});

test("a truncated image is told with the partition and the bytes that are missing", async (t) => {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 4, fs: "ext4" },
      { sizeMb: 8, fs: "ext4" },
    ],
  });
  await truncate(disk.path, 6 * MIB);
  const message = await refusal(graphOf(t, disk.path));
  assert.match(
    message,
    /^image-truncated: .*partition 2 ends at byte 13631488: 7340032 bytes \(7\.0 MiB\) are missing/,
  );
});

test("a disk is refused while it, or a part of it, is mounted, and when its image is attached writable", async (t) => {
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4" }] });
  const { start, end } = disk.partitions[0] ?? { start: 0, end: 0 };
  const image = await openSourceDisk(disk.path, 1);
  await refuseInUse([image]);
  {
    await using readOnly = await attachLoop(disk.path, {
      offset: 0,
      sizeBytes: disk.sizeBytes,
      readOnly: true,
    });
    t.diagnostic(`${readOnly.path} is read-only`);
    await refuseInUse([image]);
  }
  {
    await using loop = await attachLoop(disk.path, {
      offset: start,
      sizeBytes: end - start,
      readOnly: false,
    });
    assert.match(
      await refusal(refuseInUse([image])),
      /^source-in-use: .* is attached as \/dev\/loop\d+, writable/,
    );
    const device = await openSourceDisk(loop.path, 1);
    await refuseInUse([device]);
    await using mounted = await mount(loop.path, join(disk.directory, "p2v-m"), {
      type: "ext4",
      options: [],
    });
    assert.match(
      await refusal(refuseInUse([device])),
      new RegExp(`^source-in-use: .*${loop.path} is mounted on ${mounted.path}`),
    );
  }
  await refuseInUse([image]);
  await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
  await run(["partx", "--add", loop.path]);
  try {
    const device = await openSourceDisk(loop.path, 1);
    await refuseInUse([device]);
    const partition = `${loop.path}p1`;
    await using mounted = await mount(partition, join(disk.directory, "p2v-m"), {
      type: "ext4",
      options: ["ro"],
    });
    const expected = `^source-in-use: ${loop.path} \\(${partition}\\) is mounted on ${mounted.path}`;
    assert.match(await refusal(refuseInUse([device])), new RegExp(expected));
  } finally {
    await run(["partx", "--delete", loop.path]);
  }
});

test("a disk is refused while it swaps", async (t) => {
  await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "swap" }] });
  await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
  const on = await run(["swapon", loop.path], { allowCodes: [255] });
  if (on.code !== 0) return t.skip(`swapon: ${on.stderr.trim()}`);
  try {
    const device: SourceDisk = await openSourceDisk(loop.path, 1);
    assert.match(await refusal(refuseInUse([device])), /^source-in-use: .* is used as swap/);
  } finally {
    await run(["swapoff", loop.path]);
  }
});

test("file systems in linear and striped logical volumes are found and mapped as LVM says", async (t) => {
  const directory = await temporary(t);
  const paths = [join(directory, "one.img"), join(directory, "two.img")];
  for (const path of paths) {
    await writeFile(path, "");
    await truncate(path, 200 * MIB);
  }
  const segments = await makeGroup(paths);
  const volumes = await fillVolumes(paths, { directory, segments });

  const { graph, problems } = await graphOf(t, ...paths);
  assert.deepEqual(problems, []);
  const types = ["root", "str", "one"].map((name) => holdsOf(graph, `lv:vg0/${name}/fs`));
  assert.deepEqual(
    types.map((holds) => holds.kind === "filesystem" && holds.type),
    ["ext4", "ext4", "xfs"],
  );
  assert.equal(contiguousExtent(graph, "lv:vg0/one/fs").kind, "extent");
  assert.ok(diskSegments(graph, "lv:vg0/str/fs").kind === "mapped");

  // Spoil all that is not sent; then each volume, put together again as LVM says, must be whole.
  const views = new Map(paths.map((path, index) => [index + 1, path]));
  const { maps, notes } = await readUsedMaps({ graph, views, signal: t.signal });
  assert.deepEqual(notes, []);
  let data = 0;
  for (const [number, map] of maps) {
    data += bytesOf(map, "data");
    const file = await open(views.get(number) ?? "", "r+");
    for (const { start, end } of rangesOf(map, "unused"))
      for (let at = start; at < end; at += MIB)
        await file.write(Buffer.alloc(MIB, 0xa5), 0, Math.min(MIB, end - at), at);
    await file.close();
  }
  assert.ok(data < 80 * MIB, `${data} bytes to send`);
  for (const { name, check, content } of volumes) {
    const again = await gather(
      paths,
      segments.filter((segment) => segment.lv === name),
    );
    const path = join(directory, `${name}.again`);
    await writeFile(path, again);
    await run([...check, path], { timeoutMs: 120_000 });
    assert.ok(again.includes(content), `${name} keeps its file`);
  }
  for (const [index, path] of paths.entries()) {
    await using loop = await attachLoop(path, { offset: 0, sizeBytes: 200 * MIB, readOnly: true });
    assert.match(await lvm([loop.path], ["pvck", loop.path]), /Found label/, `disk ${index + 1}`);
  }

  const alone = await graphOf(t, paths[0] ?? "");
  assert.deepEqual(
    alone.problems.map(({ code }) => code),
    ["lvm-pv-missing"],
  );
  assert.equal(holdsOf(alone.graph, "lv:vg0/str/opaque").kind, "opaque");
  const part = await readUsedMaps({
    graph: alone.graph,
    views: new Map([[1, paths[0] ?? ""]]),
    signal: t.signal,
  });
  assert.equal(
    bytesOf(part.maps.get(1) ?? { size: 0, runs: [] }, "unused"),
    0,
    "an incomplete group is sent whole",
  );
});

/** A stretch of a logical volume, in LVM's own words: extents of 4 MiB on each disk, stripes in turn. */
type Segment = {
  readonly lv: string;
  readonly stripeBytes: number;
  readonly areas: readonly { readonly disk: number; readonly offset: number }[];
  readonly sizeBytes: number;
};

async function makeGroup(paths: readonly string[]): Promise<readonly Segment[]> {
  await using scope = new AsyncDisposableStack();
  const devices: string[] = [];
  for (const path of paths)
    devices.push(
      scope.use(await attachLoop(path, { offset: 0, sizeBytes: 200 * MIB, readOnly: false })).path,
    );
  await lvm(devices, ["pvcreate", "-ff", "-y", ...devices]);
  await lvm(devices, ["vgcreate", "vg0", ...devices]);
  await lvm(devices, [...LVCREATE, "-n", "root", "-L", "24M", "vg0"]);
  await lvm(devices, [...LVCREATE, "-n", "str", "-i2", "-I64k", "-L", "64M", "vg0"]);
  await lvm(devices, [...LVCREATE, "-n", "gone", "-L", "12M", "vg0"]);
  await lvm(devices, ["lvextend", "-l", "+10", "vg0/root"]);
  await lvm(devices, [...LVCREATE, "-n", "one", "-L", "100M", "vg0", devices[1] ?? ""]);
  await lvm(devices, ["lvremove", "-y", "vg0/gone"]);
  const columns = "lv_name,seg_size,stripe_size,seg_pe_ranges,seg_start";
  const report = await lvm(devices, [
    "lvs",
    "--segments",
    "--reportformat",
    "json",
    "--units",
    "b",
    "--nosuffix",
    "-o",
    columns,
    "vg0",
  ]);
  const { report: rows } = JSON.parse(report) as { report: { seg: Record<string, string>[] }[] };
  return (rows[0]?.seg ?? [])
    .toSorted((a, b) => Number(a["seg_start"]) - Number(b["seg_start"]))
    .map((row) => ({
      lv: row["lv_name"] ?? "",
      sizeBytes: Number(row["seg_size"]),
      stripeBytes: Number(row["stripe_size"]) || Number(row["seg_size"]),
      areas: (row["seg_pe_ranges"] ?? "").split(" ").map((range) => {
        const [device = "", extents = ""] = range.split(":");
        return { disk: devices.indexOf(device), offset: MIB + Number(extents.split("-")[0]) * 4 * MIB };
      }),
    }));
}

/** Calls back with each stripe of a volume and its place. */
function* stripes(
  segments: readonly Segment[],
): Generator<{ disk: number; offset: number; from: number; length: number }> {
  let from = 0;
  for (const { stripeBytes, areas, sizeBytes } of segments)
    for (let at = 0; at < sizeBytes; at += stripeBytes, from += stripeBytes) {
      const index = at / stripeBytes;
      const area = areas[index % areas.length];
      if (area === undefined) continue;
      const offset = area.offset + Math.floor(index / areas.length) * stripeBytes;
      yield { disk: area.disk, offset, from, length: stripeBytes };
    }
}

async function fillVolumes(
  paths: readonly string[],
  { directory, segments }: { directory: string; segments: readonly Segment[] },
): Promise<readonly { name: string; check: readonly string[]; content: Buffer }[]> {
  const volumes = [
    { name: "root", fs: "ext4", check: ["e2fsck", "-f", "-n"], content: noise("root", 300_000) },
    { name: "str", fs: "ext4", check: ["e2fsck", "-f", "-n"], content: noise("str", 150_000) },
    { name: "one", fs: "xfs", check: ["xfs_repair", "-n", "-f"], content: noise("one", 200_000) },
  ] as const;
  for (const { name, fs, content } of volumes) {
    const own = segments.filter((segment) => segment.lv === name);
    const sizeBytes = own.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    const scratch = join(directory, `${name}.scratch`);
    await mkdir(scratch);
    const path = join(directory, `${name}.fs`);
    const spec = { fs, files: { "/dir/file": content }, mkfsOptions: fs === "ext4" ? ["-b", "4096"] : [] };
    await makeFilesystem(path, { sizeBytes, scratch, spec });
    const bytes = await readFile(path);
    for (const { disk, offset, from, length } of stripes(own)) {
      const file = await open(paths[disk] ?? "", "r+");
      await file.write(bytes, from, length, offset);
      await file.close();
    }
  }
  return volumes;
}

async function gather(paths: readonly string[], segments: readonly Segment[]): Promise<Buffer> {
  const bytes = Buffer.alloc(segments.reduce((sum, segment) => sum + segment.sizeBytes, 0));
  for (const { disk, offset, from, length } of stripes(segments)) {
    const file = await open(paths[disk] ?? "", "r");
    await file.read(bytes, from, length, offset);
    await file.close();
  }
  return bytes;
}
