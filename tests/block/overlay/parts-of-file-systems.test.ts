// SPDX-License-Identifier: Apache-2.0
// File systems over several volumes, judged by the kernel and their own tools: an ext4 with its journal elsewhere, replayed
// on the overlay and not on the source; a btrfs over three devices; features that nobody here knows.
import assert from "node:assert/strict";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type BlockGraph, companionsOf, findNode, isOldDevice } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/index.ts";
import {
  attachVolumes,
  checkVolume,
  devicesBeside,
  mountGuest,
  openOverlay,
} from "../../../src/overlay/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { never as signal, sha256sum } from "../../support/disks/overlays.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

async function blank(t: TestContext, count: number, sizeMb: number): Promise<readonly string[]> {
  const directory = await temporary(t);
  const paths = Array.from({ length: count }, (_, index) => join(directory, `disk-${index + 1}.img`));
  for (const path of paths) {
    await writeFile(path, "");
    await truncate(path, sizeMb * MIB);
  }
  return paths;
}

/** Volumes on overlays of the disks, for the length of `body`. */
async function onOverlays<T>(
  t: TestContext,
  paths: readonly string[],
  body: (volumes: Awaited<ReturnType<typeof attachVolumes>>, graph: BlockGraph) => Promise<T>,
): Promise<T> {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  const { graph } = await readDiskGraph(disks, { signal });
  await using scope = new AsyncDisposableStack();
  const views = [];
  for (const disk of disks) {
    const storeDirectory = await temporary(t);
    views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
  }
  await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
  return await body(volumes, graph);
}

const loopOf = (path: string, sizeMb: number) =>
  attachLoop(path, { offset: 0, sizeBytes: sizeMb * MIB, readOnly: false });

test("a journal on another disk is replayed from there, on the overlay alone", async (t) => {
  const [data = "", journal = ""] = await blank(t, 2, 32);
  {
    await using log = await loopOf(journal, 32);
    await using device = await loopOf(data, 32);
    await run(["mke2fs", "-q", "-F", "-b", "4096", "-O", "journal_dev", log.path]);
    await run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-J", `device=${log.path}`, device.path]);
    const at = join(await temporary(t), "at");
    await mkdir(at);
    await using mounted = await mount(device.path, at, { type: "ext4", options: ["rw"] });
    await writeFile(join(mounted.path, "file"), "written before the power cut");
    await run(["sync", "--file-system", mounted.path]);
    // As the power cut leaves it: the journal is not replayed.
    for (const [from, to] of [
      [device.path, `${data}.cut`],
      [log.path, `${journal}.cut`],
    ] as const)
      await run(["dd", `if=${from}`, `of=${to}`, "bs=1M", "iflag=direct", "status=none"]);
  }
  const paths = [`${data}.cut`, `${journal}.cut`];
  const before = await Promise.all(paths.map(sha256sum));
  await onOverlays(t, paths, async (volumes, graph) => {
    const device = await volumes.device("disk:1/fs");
    const beside = await devicesBeside(volumes, "disk:1/fs");
    assert.ok("path" in device && "log" in beside && beside.log !== null);
    assert.equal(companionsOf(graph, findNode(graph, "disk:1/fs") ?? assert.fail()).kind, "here");
    const check = await checkVolume({
      device: device.path,
      type: "ext4",
      log: beside.log,
      replay: true,
      signal,
    });
    assert.deepEqual([check.state, check.dirty], ["replayed", true], check.words);
    const root = { node: "disk:1/fs", type: "ext4" };
    await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
    assert.equal(await readFile(join(tree.directory, "file"), "utf8"), "written before the power cut");
  });
  assert.deepEqual(await Promise.all(paths.map(sha256sum)), before, "the source is as it was");
  await onOverlays(t, paths.slice(0, 1), async (volumes) => {
    const beside = await devicesBeside(volumes, "disk:1/fs");
    assert.match("unavailable" in beside ? beside.unavailable : "", /a volume that is not given/);
  });
});

test("a btrfs over three devices is mounted from the overlays, and its files reach all of them", async (t) => {
  const paths = await blank(t, 3, 160);
  await run(["mkfs.btrfs", "-q", "-d", "raid0", "-m", "raid1", ...paths]);
  const before = await Promise.all(paths.map(sha256sum));
  const text = "x".repeat(MIB);
  await onOverlays(t, paths, async (volumes) => {
    const root = { node: "disk:2/fs", type: "btrfs" };
    {
      await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
      await writeFile(join(tree.directory, "file"), text);
    }
    await using again = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
    assert.equal(await readFile(join(again.directory, "file"), "utf8"), text);
  });
  assert.deepEqual(await Promise.all(paths.map(sha256sum)), before);
  await onOverlays(t, paths.slice(0, 2), async (volumes) => {
    await assert.rejects(
      mountGuest({ volumes, root: { node: "disk:1/fs", type: "btrfs" }, mounts: [], readOnly: true, signal }),
      /btrfs over 3 devices, and 1 of them is not given \(devid 3\)/,
    );
  });
});

test("a device that dropped out of a btrfs is not taken for its successor, in whatever order", async (t) => {
  const [a = "", b = "", old = ""] = await blank(t, 3, 160);
  await run(["mkfs.btrfs", "-q", "-d", "raid1", "-m", "raid1", a, b]);
  await run(["cp", "--sparse=always", "--", b, old]);
  await onOverlays(t, [a, b], async (volumes) => {
    // What is written later is on both, and not on the old one.
    const root = { node: "disk:1/fs", type: "btrfs" };
    await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
    await writeFile(join(tree.directory, "file"), "new");
    await run(["sync", "--file-system", tree.directory]);
    for (const [node, path] of [
      ["disk:1/fs", a],
      ["disk:2/fs", b],
    ] as const) {
      const device = await volumes.device(node);
      assert.ok("path" in device);
      await run(["dd", `if=${device.path}`, `of=${path}.new`, "bs=1M", "iflag=direct", "status=none"]);
    }
  });
  for (const paths of [
    [`${a}.new`, `${b}.new`, old],
    [old, `${b}.new`, `${a}.new`],
  ])
    await onOverlays(t, paths, async (volumes, graph) => {
      const first = graph.nodes.find((node) => node.holds.kind === "filesystem" && !isOldDevice(graph, node));
      const root = { node: first?.id ?? "", type: "btrfs" };
      await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
      assert.equal(await readFile(join(tree.directory, "file"), "utf8"), "new");
    });
});

test("features that nobody here knows are no damage, and are why it cannot be mounted", async (t) => {
  const [ext = ""] = await blank(t, 1, 16);
  await run(["mkfs.ext4", "-q", "-F", ext]);
  await run(["debugfs", "-w", "-R", "feature FEATURE_I30", ext]);
  const [xfs = ""] = await blank(t, 1, 320);
  await run(["mkfs.xfs", "-q", "-f", xfs]);
  await run(["xfs_db", "-x", "-c", "sb 0", "-c", "write -d features_incompat 0x4000000b", xfs], {
    allowCodes: [1],
  });
  for (const [path, type] of [
    [ext, "ext4"],
    [xfs, "xfs"],
  ] as const)
    await onOverlays(t, [path], async (volumes) => {
      const device = await volumes.device("disk:1/fs");
      assert.ok("path" in device);
      const check = await checkVolume({ device: device.path, type, replay: true, signal });
      assert.equal(check.state, "unchecked", `${type}: ${check.words}`);
      await assert.rejects(
        mountGuest({ volumes, root: { node: "disk:1/fs", type }, mounts: [], readOnly: true, signal }),
        /disk:1\/fs cannot be mounted: it has features that this kernel \(Linux \S+\) does not know/,
      );
    });
});
