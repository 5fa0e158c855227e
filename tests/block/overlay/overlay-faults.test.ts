// SPDX-License-Identifier: Apache-2.0
// An overlay whose source, daemon or directory is not as it should be.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { attachVolumes, mountGuest, openOverlay } from "../../../src/overlay/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { UserError } from "../../../src/core/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { writeAt } from "../../support/disks/filesystems.ts";
import { noise } from "../../../lab/noise.ts";
import {
  graphOf,
  leavingNothing,
  never as signal,
  sha256sum,
  sourceOf,
} from "../../support/disks/overlays.ts";

const code = (wanted: string) => (error: unknown) => error instanceof UserError && error.code === wanted;

test("a source that another program writes to is refused", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    {
      const writer = await open(disk.path, "r+");
      try {
        await assert.rejects(openOverlay(sourceOf(disk), { storeDirectory, signal }), code("source-in-use"));
      } finally {
        await writer.close();
      }
    }
    await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
    await assert.rejects(openOverlay(sourceOf(disk), { storeDirectory, signal }), code("source-in-use"));
    const device = { ...sourceOf(disk), kind: "device", path: loop.path } as const;
    await mkdir(join(disk.directory, "mnt"));
    await run(["mount", "-o", "ro", loop.path, join(disk.directory, "mnt")]);
    try {
      await assert.rejects(openOverlay(device, { storeDirectory, signal }), code("source-in-use"));
    } finally {
      await run(["umount", join(disk.directory, "mnt")]);
    }
    await using view = await openOverlay(device, { storeDirectory, signal });
    assert.equal(await sha256sum(view.path), await sha256sum(disk.path));
    await assert.rejects(run(["mount", loop.path, join(disk.directory, "mnt")])); // claimed while the view is open
  }));

test("who has a source for a moment more is waited for: a loop device that is detached, a program", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    const loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
    const user = await open(loop.path, "r");
    try {
      await run(["losetup", "--detach", loop.path]);
      const writer = await open(disk.path, "r+");
      setTimeout(() => void user.close(), 500);
      setTimeout(() => void writer.close(), 700);
      await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
      assert.equal(await sha256sum(view.path), await sha256sum(disk.path));
    } finally {
      await user.close();
    }
  }));

test("a file system that another mount namespace still has is named, with its program", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
    const place = join(disk.directory, "mnt");
    await mkdir(place);
    await run(["mount", "-o", "ro", loop.path, place]);
    const other = spawn("unshare", ["--mount", "sh", "-c", "echo here; read x"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(other.stdout, "data");
    await run(["umount", place]);
    const device = { ...sourceOf(disk), kind: "device", path: loop.path } as const;
    await assert.rejects(openOverlay(device, { storeDirectory, signal }), (error) => {
      assert.ok(code("source-in-use")(error));
      assert.match(String(error), new RegExp(`still mounted on ${place} for sh \\(pid ${other.pid ?? 0}\\)`));
      return true;
    });
    other.stdin.end();
    await once(other, "close");
    await using view = await openOverlay(device, { storeDirectory, signal });
    assert.equal(await sha256sum(view.path), await sha256sum(disk.path));
  }));

test("a killed daemon is told at once, ends nothing in a hang, and leaves nothing", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 32, fs: "ext4" }] });
    {
      await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
      await killDaemon(view.path);
      await waitFor(() => view.lost.aborted);
      assert.ok(code("overlay-died")(view.lost.reason));
      await assert.rejects(readFile(view.path));
      await assert.rejects(view.seal({ signal }), code("overlay-died"));
    }
    await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
    await using volumes = await attachVolumes({
      graph: graphOf(disk),
      views: [view],
      readOnly: false,
      signal,
    });
    await using tree = await mountGuest({
      volumes,
      root: { node: "fs:1", type: "ext4" },
      mounts: [],
      readOnly: false,
      signal,
    });
    await killDaemon(view.path);
    await writeFile(join(tree.directory, "a"), "x").catch(() => undefined);
  }));

test("an abort while it opens, a missing disk and a missing store directory leave nothing", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 1 });
    for (const ms of [0, 5, 20, 50, 80]) {
      const late = AbortSignal.timeout(ms);
      await openOverlay(sourceOf(disk), { storeDirectory, signal: late }).then(
        (view) => view[Symbol.asyncDispose](),
        (error: unknown) => assert.equal(error, late.reason),
      );
    }
    const missing = { ...sourceOf(disk), path: join(disk.directory, "none") };
    await assert.rejects(openOverlay(missing, { storeDirectory, signal }), code("source-unreadable"));
    await assert.rejects(openOverlay(sourceOf(disk), { storeDirectory: "/nowhere", signal }), {
      code: "temporary-wrong",
    });
  }));

test("odd file names, and 4096-byte sectors", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 9, name: 'a b,"c"=\\d.img' });
    const source = { ...sourceOf(disk), sectorBytes: 4096 };
    await using view = await openOverlay(source, { storeDirectory, signal });
    const graph = graphOf({
      ...disk,
      partitions: [{ number: 1, fs: "ext4", start: 2 ** 20, end: 9 * 2 ** 20 }],
    });
    await using volumes = await attachVolumes({ graph, views: [view], readOnly: false, signal });
    const device = await volumes.device("fs:1");
    assert.ok("path" in device);
    const { stdout } = await run(["blockdev", "--getss", "--getsize64", device.path]);
    assert.equal(stdout, `4096\n${8 * 2 ** 20}\n`);
  }));

test("an image that is not a whole number of sectors is readable to its last byte", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 1 });
    const sizeBytes = 2 ** 20 + 700;
    await writeAt(disk.path, noise("odd", sizeBytes), 0);
    await using view = await openOverlay({ ...sourceOf(disk), sizeBytes }, { storeDirectory, signal });
    await writeAt(view.path, noise("new", 100), sizeBytes - 100);
    await using sealed = await view.seal({ signal });
    const bytes = await readFile(sealed.path);
    assert.deepEqual(
      bytes.subarray(0, sizeBytes - 100),
      noise("odd", sizeBytes).subarray(0, sizeBytes - 100),
    );
    assert.deepEqual(bytes.subarray(sizeBytes - 100, sizeBytes), noise("new", 100));
    assert.equal(sealed.touched.at(-1)?.end, sizeBytes);
    assert.deepEqual(await readFile(disk.path), noise("odd", sizeBytes));
  }));

async function killDaemon(viewPath: string): Promise<void> {
  const { stdout } = await run(["pgrep", "--full", `^qemu-storage-daemon.*${viewPath}"`]);
  for (const pid of stdout.trim().split("\n")) process.kill(Number(pid), "SIGKILL");
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 200, "it did not happen within 2 seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Offsets at which two files differ, by cmp. */
