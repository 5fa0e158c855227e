// SPDX-License-Identifier: Apache-2.0
// A small disk migrated inside a root, as an installed virt-p2v does it, and what must be true afterwards.
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { noise } from "../../../lab/noise.ts";
import type { Report } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import { makeDisk } from "../disks/disks.ts";
import { readTree, treeDifferences } from "../guests/trees.ts";
import type { Root } from "./roots.ts";

const FILES = { "/srv/data": noise("data", 3 * 2 ** 20), "/srv/text": "some words\n".repeat(10_000) };

/** `command`: what starts virt-p2v there. Inspects, migrates and verifies. */
export async function migrateSmallDisk(root: Root, command: readonly string[]): Promise<void> {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 4, fs: "vfat", type: "U", files: { "/EFI/BOOT/BOOTX64.EFI": "no loader" } },
      { sizeMb: 32, fs: "ext4", files: FILES, stale: true },
      { sizeMb: 32, fs: "xfs", files: FILES },
    ],
  });
  const before = await readFile(disk.path);
  await copyFile(disk.path, join(root.path, "disk.img"));
  await mkdir(join(root.path, "vms"));
  const answer = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await root.run([...command, ...args]);
    assert.equal(code, 0, `${args[0]}: ${stderr.slice(-2000)}\n${stdout.slice(-2000)}`);
    return stdout;
  };
  const seen = await answer("inspect", "--disk", "/disk.img");
  for (const type of ["vfat", "ext4", "xfs"]) assert.match(seen, new RegExp(`partition \\d.*${type}`));
  const argv = ["--disk", "/disk.img", "--to", "dir:/vms", "--name", "vm", "--yes", "--no-boot-check"];
  await answer("migrate", ...argv);
  assert.match(await answer("verify", "/vms/vm"), /every segment is as it was copied/);
  const image = join(root.path, "vms/vm/vm-1.img");
  for (const { start, end, fs } of disk.partitions) {
    const range = { start, end, type: fs };
    if (fs === "vfat") await run(["mtype", "-i", `${image}@@${start}`, "::EFI/BOOT/BOOTX64.EFI"]);
    else
      assert.deepEqual(treeDifferences(await readTree(disk.path, range), await readTree(image, range)), []);
  }
  const report = JSON.parse(await readFile(join(root.path, "vms/vm/report.json"), "utf8")) as Report;
  assert.equal(report.outcome.kind, "not-tried");
  assert.equal(report.proof.held, true);
  assert.ok(before.equals(await readFile(join(root.path, "disk.img"))), "the source is as it was");
  await rm(join(root.path, "vms"), { recursive: true });
}
