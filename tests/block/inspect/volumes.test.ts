// SPDX-License-Identifier: Apache-2.0
// Dirty file systems are replayed on the overlay and whole afterwards; damaged ones are told in the checker's words.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { SourceDisk } from "../../../src/core/index.ts";
import {
  attachVolumes,
  checkVolume,
  mountGuest,
  openOverlay,
  type VolumeCheck,
} from "../../../src/overlay/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { dirtyExt4, dirtyXfs } from "../../support/disks/dirty-disks.ts";
import { makeDisk, type TestDisk } from "../../support/disks/disks.ts";
import { writeAt } from "../../support/disks/filesystems.ts";
import { noise } from "../../../lab/noise.ts";
import {
  graphOf,
  leavingNothing,
  never as signal,
  sha256sum,
  sourceOf,
} from "../../support/disks/overlays.ts";

type Opened = {
  readonly check: (replay: boolean) => Promise<VolumeCheck>;
  readonly files: () => Promise<Record<string, Buffer>>;
};

/** Lays an overlay above the disk, and asserts afterwards that the disk did not change. */
async function onOverlay(
  disk: TestDisk & { afterReplay?: Readonly<Record<string, Buffer>> },
  storeDirectory: string,
  body: (opened: Opened) => Promise<void>,
): Promise<void> {
  const before = await sha256sum(disk.path);
  {
    const source: SourceDisk = sourceOf(disk);
    await using view = await openOverlay(source, { storeDirectory, signal });
    const graph = graphOf(disk);
    await using volumes = await attachVolumes({ graph, views: [view], readOnly: false, signal });
    const device = await volumes.device("fs:1");
    assert.ok("path" in device);
    const type = disk.partitions[0]?.fs ?? "none";
    await body({
      check: (replay) => checkVolume({ device: device.path, type, replay, signal }),
      async files() {
        await using tree = await mountGuest({
          volumes,
          root: { node: "fs:1", type },
          mounts: [],
          readOnly: true,
          signal,
        });
        const files: Record<string, Buffer> = {};
        for (const name of Object.keys(disk.afterReplay ?? {}))
          files[name] = await readFile(join(tree.directory, name));
        return files;
      },
    });
  }
  assert.equal(await sha256sum(disk.path), before);
}

for (const [name, make] of [
  ["ext4", dirtyExt4],
  ["xfs", dirtyXfs],
] as const)
  test(`a dirty ${name} is replayed in the overlay, and whole afterwards`, () =>
    leavingNothing(async (storeDirectory) => {
      await using disk = await make();
      await onOverlay(disk, storeDirectory, async ({ check, files }) => {
        const asFound = await check(false);
        assert.deepEqual([asFound.dirty, asFound.state], [true, "unchecked"]);
        const first = await check(true);
        assert.deepEqual([first.dirty, first.state], [true, "replayed"], first.words);
        assert.deepEqual(await files(), disk.afterReplay);
        const second = await check(true);
        assert.deepEqual([second.dirty, second.state], [false, "clean"], second.words);
      });
    }));

test("a dirty file system on a read-only device is shown without replay", () =>
  leavingNothing(async () => {
    for (const make of [dirtyExt4, dirtyXfs]) {
      await using disk = await make();
      const before = await sha256sum(disk.path);
      {
        const views = [{ disk: sourceOf(disk), path: disk.path }];
        await using volumes = await attachVolumes({ graph: graphOf(disk), views, readOnly: true, signal });
        await using tree = await mountGuest({
          volumes,
          root: { node: "fs:1", type: "auto" },
          mounts: [],
          readOnly: false,
          signal,
        });
        assert.ok(tree.directory.length > 0);
      }
      assert.equal(await sha256sum(disk.path), before);
    }
  }));

test("an ext2 that was not unmounted is put in order as its own boot would", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({
      table: "mbr",
      partitions: [{ sizeMb: 8, fs: "ext2", files: { "/a": "b" } }],
    });
    await debugfs(disk, "set_super_value state 0");
    await onOverlay(disk, storeDirectory, async ({ check }) => {
      const { dirty, state, words } = await check(true);
      assert.deepEqual([dirty, state], [true, "replayed"], words);
    });
  }));

test("damage in file systems that are marked clean is found, and told in the checker's words", () =>
  leavingNothing(async (storeDirectory) => {
    await using ext4 = await makeDisk({
      table: "mbr",
      partitions: [{ sizeMb: 32, fs: "ext4", files: { "/etc/fstab": "x" } }],
    });
    await debugfs(ext4, "clri /etc/fstab");
    await onOverlay(ext4, storeDirectory, async ({ check }) => {
      const { dirty, state, words } = await check(true);
      assert.deepEqual([dirty, state], [false, "damaged"]);
      assert.match(words, /fstab/);
    });
    await using xfs = await makeDisk({
      table: "mbr",
      partitions: [{ sizeMb: 32, fs: "xfs", files: { "/etc/fstab": "x" } }],
    });
    await writeAt(xfs.path, noise("garbage", 512), (xfs.partitions[0]?.start ?? 0) + 1024); // AGI of the first group
    await onOverlay(xfs, storeDirectory, async ({ check }) => {
      const { state, words } = await check(true);
      assert.equal(state, "damaged");
      assert.match(words, /agi|AGI|magic|CRC|inode/i);
    });
  }));

test("a journal that cannot be replayed and a superblock that is gone are damage, not a crash", () =>
  leavingNothing(async (storeDirectory) => {
    await using ext4 = await dirtyExt4();
    await debugfs(ext4, "clri <8>");
    await onOverlay(ext4, storeDirectory, async ({ check }) => {
      const { dirty, state, words } = await check(true);
      assert.deepEqual([dirty, state], [true, "damaged"]);
      assert.ok(words.length > 10);
    });
    await using gone = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    await writeAt(gone.path, Buffer.alloc(8 * 2 ** 20), gone.partitions[0]?.start ?? 0);
    await onOverlay(gone, storeDirectory, async ({ check }) => {
      assert.equal((await check(true)).state, "damaged");
    });
    await using log = await dirtyXfs();
    await writeAt(log.path, noise("log", 65_536), await xfsLogStart(log));
    await onOverlay(log, storeDirectory, async ({ check }) => {
      const { state, words } = await check(true);
      assert.equal(state, "damaged");
      assert.ok(words.length > 10);
    });
  }));

test("other file systems are not checked, and that is said", async () => {
  const check = await checkVolume({ device: "/dev/null", type: "vfat", replay: true, signal });
  assert.deepEqual(check, { dirty: false, state: "unchecked", words: "there is no check for vfat here" });
});

/** Damages an ext file system of a disk, by request. */
async function debugfs(disk: TestDisk, request: string): Promise<void> {
  const { start, end } = disk.partitions[0] ?? { start: 0, end: 0 };
  await using loop = await attachLoop(disk.path, { offset: start, sizeBytes: end - start, readOnly: false });
  await run(["debugfs", "-w", "-R", request, loop.path]);
}

/** Offset on the disk of the log of its XFS. A file system block number holds the group in its upper bits. */
async function xfsLogStart(disk: TestDisk): Promise<number> {
  const { start, end } = disk.partitions[0] ?? { start: 0, end: 0 };
  await using loop = await attachLoop(disk.path, { offset: start, sizeBytes: end - start, readOnly: true });
  const fields = ["logstart", "agblklog", "agblocks", "blocksize"];
  const { stdout } = await run(["xfs_db", "-r", "-c", "sb 0", "-c", `p ${fields.join(" ")}`, loop.path]);
  const value = (name: string): number => Number(new RegExp(`^${name} = (\\d+)$`, "m").exec(stdout)?.[1]);
  const inGroup = 2 ** value("agblklog");
  const block = Math.floor(value("logstart") / inGroup) * value("agblocks") + (value("logstart") % inGroup);
  return start + block * value("blocksize");
}
