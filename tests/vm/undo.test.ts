// SPDX-License-Identifier: Apache-2.0
// convert --in-place and --undo on other file systems, and on two images at once: both trees are walked from outside.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { contiguousExtent, findNode } from "../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../src/inspect/index.ts";
import { run } from "../../src/system/index.ts";
import { cli, leftovers } from "../support/cli.ts";
import { type MachineName, machineDisks } from "../support/guests/machines/index.ts";
import { readTree, type Tree, treeDifferences } from "../support/guests/trees.ts";
import { temporary } from "../support/temporary.ts";

type Format = "raw" | "qcow2";

/** All file systems of the images; one on a mirror is read from its first member. */
async function walkAll(
  images: readonly string[],
  { format, signal }: { format: Format; signal: AbortSignal },
): Promise<ReadonlyMap<string, Tree>> {
  if (format === "qcow2") {
    const flat = images.map((image) => `${image}.flat`);
    for (const [index, image] of images.entries())
      await run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", image, flat[index] ?? ""], {
        timeoutMs: 300_000,
      });
    const trees = await walkAll(flat, { format: "raw", signal });
    for (const path of flat) await rm(path);
    return trees;
  }
  const disks = await Promise.all(images.map((image, index) => openSourceDisk(image, index + 1)));
  const { graph } = await readDiskGraph(disks, { signal });
  const trees = new Map<string, Tree>();
  for (const { id, holds } of graph.nodes) {
    if (holds.kind !== "filesystem" || !["ext4", "xfs", "btrfs"].includes(holds.type)) continue;
    const extent = contiguousExtent(graph, id);
    assert.equal(extent.kind, "extent");
    if (extent.kind !== "extent") continue;
    trees.set(id, await readTree(findNode(graph, extent.disk)?.path ?? "", { ...extent, type: holds.type }));
  }
  return trees;
}

const MACHINES: readonly (readonly [MachineName, fileSystems: number, Format])[] = [
  ["xfs", 1, "qcow2"],
  ["btrfs", 1, "raw"],
  ["md", 2, "raw"],
];

for (const [name, fileSystems, format] of MACHINES)
  test(`${name}, ${format}: converted in place and back, nothing differs`, {
    timeout: 10 * 60_000,
  }, async (t) => {
    const directory = await temporary(t);
    const images: string[] = [];
    for (const [index, disk] of (await machineDisks(name, { signal: t.signal })).entries()) {
      const image = join(directory, `${index}.img`);
      await run(["qemu-img", "convert", "-f", "raw", "-O", format, disk, image], { timeoutMs: 300_000 });
      images.push(image);
    }
    const before = await walkAll(images, { format, signal: t.signal });
    assert.equal(before.size, fileSystems);
    const kept = join(directory, "kept");
    const ok = async (...args: readonly string[]): Promise<void> => {
      const ended = await cli(["convert", ...args, "--yes"], { timeoutMs: 300_000 });
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(await leftovers(), []);
    };
    await ok(...images, "--in-place", "--keep", kept);
    const between = await walkAll(images, { format, signal: t.signal });
    const differing = [...before].flatMap(([id, tree]) =>
      treeDifferences(tree, between.get(id) ?? new Map()),
    );
    assert.ok(differing.length > 3, differing.join(" "));
    await ok("--undo", kept);
    const after = await walkAll(images, { format, signal: t.signal });
    for (const [id, tree] of before)
      assert.deepEqual(treeDifferences(tree, after.get(id) ?? new Map()), [], id);
  });
