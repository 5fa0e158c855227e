// SPDX-License-Identifier: Apache-2.0
// Logical volumes that lie in pieces over two disks, opened above the overlay of both without any LVM.
import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { diskSegments, findNode, type NodeId } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/index.ts";
import { attachVolumes, checkVolume, mountGuest, openOverlay } from "../../../src/overlay/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { LVCREATE, lvm } from "../../support/disks/lvm.ts";
import { noise } from "../../../lab/noise.ts";
import { leavingNothing, never as signal, sha256sum } from "../../support/disks/overlays.ts";
import { scratch } from "../../support/temporary.ts";

const MIB = 2 ** 20;

type Disks = AsyncDisposable & { readonly paths: readonly string[] };

/** vg0 on two disks: `root` in three pieces over both, `str` striped over both with an ext4, `one` in one piece. */
async function twoDisks(): Promise<Disks> {
  const directory = await scratch();
  const paths = ["one.img", "two.img"].map((name) => join(directory.path, name));
  await using scope = new AsyncDisposableStack();
  const devices: string[] = [];
  for (const path of paths) {
    await writeFile(path, "");
    await truncate(path, 200 * MIB);
    const loop = await attachLoop(path, { offset: 0, sizeBytes: 200 * MIB, readOnly: false });
    devices.push(scope.use(loop).path);
  }
  const [first = "", second = ""] = devices;
  await lvm(devices, ["pvcreate", "-y", ...devices]);
  await lvm(devices, ["vgcreate", "vg0", ...devices]);
  await lvm(devices, [...LVCREATE, "-n", "root", "-L", "24M", "vg0", first]);
  await lvm(devices, [...LVCREATE, "-n", "one", "-L", "16M", "vg0", first]);
  await lvm(devices, ["lvextend", "-L", "+20M", "vg0/root", second]);
  await lvm(devices, ["lvextend", "-L", "+20M", "vg0/root", first]);
  await lvm(devices, [...LVCREATE, "-n", "thin-stripes", "-i2", "-I64k", "-L", "16M", "vg0"]);
  await lvm(devices, [...LVCREATE, "-n", "str", "-i2", "-I1m", "-L", "24M", "vg0"]);
  return { paths, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

/** Opens the overlays of both disks and runs `body` on the volumes above them; then the sealed views. */
async function onOverlays(
  { paths }: Disks,
  storeDirectory: string,
  body: (volumes: Awaited<ReturnType<typeof attachVolumes>>) => Promise<void>,
): Promise<readonly Buffer[]> {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  const { graph } = await readDiskGraph(disks, { signal });
  await using scope = new AsyncDisposableStack();
  const views = [];
  for (const disk of disks) views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
  {
    await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
    await body(volumes);
    await assert.rejects(views[0]?.seal({ signal }) ?? Promise.resolve(), /cannot be sealed/);
  }
  const sealed = [];
  for (const view of views) {
    const one = scope.use(await view.seal({ signal }));
    const now = await readFile(one.path);
    const old = await readFile(view.disk.path);
    for (const { start, end } of one.touched) now.copy(old, start, start, end);
    assert.ok(now.equals(old), "a difference lies outside the touched ranges");
    sealed.push(now);
  }
  return sealed;
}

test("file systems in pieces are made, checked and mounted above the overlay; both disks stay as they were", () =>
  leavingNothing(async (storeDirectory) => {
    await using disks = await twoDisks();
    const before = await Promise.all(disks.paths.map(sha256sum));
    const content = noise("pieces", 30 * MIB);
    const wanted = ["lv:vg0/root", "lv:vg0/str", "lv:vg0/one"] as const;
    let graph: Parameters<typeof diskSegments>[0] = { nodes: [], edges: [] };
    const sealed = await onOverlays(disks, storeDirectory, async (volumes) => {
      graph = volumes.graph;
      for (const node of wanted) {
        const device = await volumes.device(node);
        assert.ok("path" in device, JSON.stringify(device));
        assert.deepEqual(await volumes.device(node), device);
        const { stdout } = await run(["blockdev", "--getsize64", device.path]);
        assert.equal(Number(stdout), findNode(graph, node)?.sizeBytes);
        await run(["mkfs.ext4", "-q", "-E", "nodiscard,lazy_itable_init=0", device.path]);
      }
      const refused = await volumes.device("lv:vg0/thin-stripes");
      assert.match("unavailable" in refused ? refused.unavailable : "", /256 pieces.*live CD/);
      const nodes = graph.nodes.map((node) =>
        wanted.some((id) => id === node.id)
          ? { ...node, holds: { kind: "filesystem", type: "ext4", uuid: "", label: null } as const }
          : node,
      );
      const seen = { ...volumes, graph: { ...graph, nodes } };
      const root = { node: "lv:vg0/root", type: "ext4" };
      {
        await using tree = await mountGuest({ volumes: seen, root, mounts: [], readOnly: false, signal });
        await writeFile(join(tree.directory, "big"), content);
      }
      const device = await volumes.device("lv:vg0/root");
      const path = "path" in device ? device.path : "";
      const { state, words } = await checkVolume({ device: path, type: "ext4", replay: true, signal });
      assert.equal(state, "clean", words);
    });
    assert.deepEqual(await Promise.all(disks.paths.map(sha256sum)), before);
    assert.ok(piecesOf(graph, "lv:vg0/root") === 3 && piecesOf(graph, "lv:vg0/str") === 24);
    const root = gather(graph, "lv:vg0/root", sealed);
    assert.ok(root.includes(content.subarray(0, 4096)) && root.includes(content.subarray(-4096)));
    for (const node of wanted) {
      const path = join(storeDirectory, "again.img");
      await writeFile(path, gather(graph, node, sealed));
      await run(["e2fsck", "-f", "-n", path]);
      await rm(path);
    }
  }));

function piecesOf(graph: Parameters<typeof diskSegments>[0], node: NodeId): number {
  const where = diskSegments(graph, node);
  return where.kind === "mapped" ? where.segments.length : 0;
}

function gather(graph: Parameters<typeof diskSegments>[0], node: NodeId, disks: readonly Buffer[]): Buffer {
  const where = diskSegments(graph, node);
  assert.ok(where.kind === "mapped");
  return Buffer.concat(
    where.segments.map(({ disk, to, length }) => {
      const bytes = disks[Number(disk.replace("disk:", "")) - 1];
      return bytes?.subarray(to, to + length) ?? Buffer.alloc(length);
    }),
  );
}
