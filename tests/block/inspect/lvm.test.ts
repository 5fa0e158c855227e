// SPDX-License-Identifier: Apache-2.0
// Logical volumes, judged by LVM itself.
import assert from "node:assert/strict";
import { mkdir, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf, contiguousExtent, diskSegments, rangesOf } from "../../../src/core/index.ts";
import { readUsedMaps } from "../../../src/inspect/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { makeFilesystem, noise } from "../../support/disks/filesystems.ts";
import { LVCREATE, lvm } from "../../support/disks/lvm.ts";
import { temporary } from "../../support/temporary.ts";
import { graphOf, holdsOf } from "../../support/disks/graphs.ts";

const MIB = 2 ** 20;

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
  const volume = holdsOf(alone.graph, "lv:vg0/str");
  assert.equal(volume.kind === "lvm-lv" && volume.missing?.of, "volume");
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
