// SPDX-License-Identifier: Apache-2.0
// The overlay by device-mapper, on real file systems. Runs inside the live CD (tests/livecd/livecd-overlay.test.ts): many
// build machines have no device-mapper.
import assert from "node:assert/strict";
import { copyFile, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { type SourceDisk, UserError } from "../../src/core/index.ts";
import { attachVolumes, cleanLeftovers, mountGuest, openOverlay } from "../../src/overlay/index.ts";
import { attachLoop, createMapped, listMapped, run } from "../../src/system/index.ts";
import { makeDisk, type TestDisk } from "../support/disks/disks.ts";
import { writeAt } from "../support/disks/filesystems.ts";
import { noise } from "../../lab/noise.ts";
import { graphOf, leavingNothing, never as signal, sha256sum, sourceOf } from "../support/disks/overlays.ts";

const code = (wanted: string) => (error: unknown) => error instanceof UserError && error.code === wanted;

/** A test disk as a device of the kernel, read-only as the live CD makes every disk. */
async function asDevice(
  disk: TestDisk,
  { sectorBytes = 512 } = {},
): Promise<AsyncDisposable & { readonly source: SourceDisk }> {
  const loop = await attachLoop(disk.path, {
    offset: 0,
    sizeBytes: disk.sizeBytes,
    readOnly: false,
    sectorBytes,
  });
  await run(["blockdev", "--setro", loop.path]);
  return {
    source: { ...sourceOf(disk), kind: "device", path: loop.path, sectorBytes },
    async [Symbol.asyncDispose]() {
      await run(["blockdev", "--setrw", loop.path]); // the flag stays with the number, for whoever gets it next
      await loop[Symbol.asyncDispose]();
    },
  };
}

/** Nodes of the graph carry the path of their disk. */
function graphAt(disk: TestDisk, path: string): ReturnType<typeof graphOf> {
  const { nodes, edges } = graphOf(disk);
  return { nodes: nodes.map((node) => ({ ...node, path })), edges };
}

for (const fs of ["ext4", "ext2", "xfs", "vfat"] as const)
  test(`writing to ${fs} through the snapshot leaves the disk as it was, and touched covers every difference`, () =>
    leavingNothing(async (storeDirectory) => {
      const partitions = [{ sizeMb: fs === "xfs" ? 64 : 8, fs, files: fs === "vfat" ? {} : { "/a": "old" } }];
      await using disk = await makeDisk({ table: "mbr", partitions });
      await using device = await asDevice(disk);
      const { source } = device;
      const before = await sha256sum(disk.path);
      await using view = await openOverlay(source, { storeDirectory, signal });
      assert.match(view.path, /^\/dev\/mapper\/p2v-overlay-\w+-view$/);
      const graph = graphAt(disk, source.path);
      const root = { node: "fs:1", type: fs };
      {
        await using volumes = await attachVolumes({ graph, views: [view], readOnly: false, signal });
        const volume = await volumes.device("fs:1");
        assert.match("path" in volume ? volume.path : "", /^\/dev\/mapper\/p2v-volumes-/);
        await assert.rejects(view.seal({ signal }), /busy|in use/i); // a volume is still above it
        await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
        await writeFile(join(tree.directory, "a"), "new");
        await writeFile(join(tree.directory, "big"), noise("big", 3_000_000));
      }
      await using sealed = await view.seal({ signal });
      assert.equal(await sha256sum(disk.path), before);
      assert.equal(await sha256sum(source.path), before);
      const old = await readFile(disk.path);
      const now = await readFile(sealed.path);
      assert.ok(!now.equals(old));
      for (const { start, end } of sealed.touched) now.copy(old, start, start, end);
      assert.ok(now.equals(old), "a difference lies outside the touched ranges");
      assert.equal((await run(["blockdev", "--getro", sealed.path])).stdout.trim(), "1");
      await using volumes = await attachVolumes({ graph, views: [sealed], readOnly: true, signal });
      await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
      assert.equal(await readFile(join(tree.directory, "a"), "utf8"), "new");
      assert.deepEqual(await readFile(join(tree.directory, "big")), noise("big", 3_000_000));
    }));

test("more than one area of the store is listed; an untouched view has no touched range", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 16 });
    await using device = await asDevice(disk);
    {
      await using view = await openOverlay(device.source, { storeDirectory, signal });
      await using sealed = await view.seal({ signal });
      assert.deepEqual(sealed.touched, []);
    }
    await using view = await openOverlay(device.source, { storeDirectory, signal });
    // 256 entries make an area: exactly full, and beyond.
    for (let chunk = 0; chunk < 512; chunk += 1)
      await writeAt(view.path, noise(`${chunk}`, 100), chunk * 8192);
    await using sealed = await view.seal({ signal });
    assert.deepEqual(
      sealed.touched.map(({ start, end }) => [start, end]),
      Array.from({ length: 512 }, (_, chunk) => [chunk * 8192, chunk * 8192 + 4096]),
    );
  }));

test("a layer's qcow2, laid over a raw copy of the sealed view, is what the layer showed", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 32, fs: "ext4" }] });
    await using device = await asDevice(disk);
    await using view = await openOverlay(device.source, { storeDirectory, signal });
    await writeAt(view.path, noise("view", 100_000), 5_000_000);
    await using sealed = await view.seal({ signal });
    const copy = join(disk.directory, "copy.img");
    await run(["dd", `if=${sealed.path}`, `of=${copy}`, "bs=1M", "status=none"]); // a device has no size to copyFile
    await using layer = await sealed.layer({ signal });
    await writeAt(layer.path, noise("layer", 200_000), 5_050_000);
    await writeAt(layer.path, noise("end", 512), disk.sizeBytes - 512);
    const shown = await sha256sum(layer.path);
    assert.equal(await sha256sum(sealed.path), await sha256sum(copy));
    const { qcow2Path } = await layer.finish({ signal });
    await run(["qemu-img", "check", "-q", qcow2Path]);
    const info = JSON.parse((await run(["qemu-img", "info", "--output=json", qcow2Path])).stdout) as Record<
      string,
      unknown
    >;
    assert.equal(info["backing-filename"], undefined);
    assert.ok(Number(info["actual-size"]) < 1_000_000);
    const laid = join(disk.directory, "laid.qcow2");
    await copyFile(qcow2Path, laid);
    await run(["qemu-img", "rebase", "-u", "-F", "raw", "-b", copy, laid]);
    await run(["qemu-img", "convert", "-O", "raw", laid, `${laid}.img`]);
    assert.equal(await sha256sum(`${laid}.img`), shown);
    await using second = await sealed.layer({ signal });
    assert.equal(await sha256sum(second.path), await sha256sum(copy));
  }));

test("a disk that is mounted is refused, and one below a view cannot be mounted", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    await using device = await asDevice(disk);
    const target = join(disk.directory, "mnt");
    await mkdir(target);
    await run(["mount", "-o", "ro", device.source.path, target]);
    try {
      await assert.rejects(openOverlay(device.source, { storeDirectory, signal }), code("source-in-use"));
    } finally {
      await run(["umount", target]);
    }
    await using view = await openOverlay(device.source, { storeDirectory, signal });
    assert.notEqual(view.path, device.source.path);
    await assert.rejects(
      run(["mount", "-o", "ro", device.source.path, target]),
      /busy|already mounted|Can.t open blockdev/i,
    );
  }));

test("512-byte and 4096-byte sectors, and a disk of an odd number of chunks", () =>
  leavingNothing(async (storeDirectory) => {
    for (const sectorBytes of [512, 4096]) {
      await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 9 });
      await using device = await asDevice(disk, { sectorBytes });
      await using view = await openOverlay(device.source, { storeDirectory, signal });
      const { stdout } = await run(["blockdev", "--getss", "--getsize64", view.path]);
      assert.equal(stdout, `${sectorBytes}\n${disk.sizeBytes}\n`);
    }
    await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 1 });
    const sizeBytes = 2 ** 20 - 1024;
    await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes, readOnly: true });
    const source = { ...sourceOf(disk), kind: "device", path: loop.path, sizeBytes } as const;
    await using view = await openOverlay(source, { storeDirectory, signal });
    await writeAt(view.path, noise("end", 512), sizeBytes - 512);
    await using sealed = await view.seal({ signal });
    assert.deepEqual(sealed.touched, [{ start: sizeBytes - 3072, end: sizeBytes }]);
  }));

test("a store that runs full says so before it is, and the disk stays as it was", () =>
  leavingNothing(async (storeDirectory) => {
    const small = join(storeDirectory, "small");
    await mkdir(small);
    await run(["mount", "-t", "tmpfs", "-o", "size=24M", "tmpfs", small]);
    try {
      await using disk = await makeDisk({ table: "none", partitions: [], sizeMb: 64 });
      await using device = await asDevice(disk);
      const before = await sha256sum(disk.path);
      {
        await using view = await openOverlay(device.source, { storeDirectory: small, signal });
        const full = new Promise<unknown>((resolve) =>
          view.lost.addEventListener("abort", () => resolve(view.lost.reason), { once: true }),
        );
        await writeAt(view.path, noise("much", 17 * 2 ** 20), 0);
        const alive = setInterval(() => undefined, 1000); // the watch alone keeps no process alive
        assert.ok(code("overlay-full")(await full));
        clearInterval(alive);
        await assert.rejects(view.seal({ signal }), code("overlay-full"));
      }
      assert.equal(await sha256sum(disk.path), before);
      await run(["dd", "if=/dev/zero", `of=${small}/rest`, "bs=1M", "count=16"]);
      await assert.rejects(
        openOverlay(device.source, { storeDirectory: small, signal }),
        code("overlay-no-room"),
      );
    } finally {
      await run(["umount", small]);
      await run(["rmdir", small]);
    }
  }));

test("what a killed run left behind is taken down: volume, view, loop device, directory", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    await using device = await asDevice(disk);
    const program = `
      import { openOverlay } from ${JSON.stringify(join(import.meta.dirname, "../../src/overlay/index.ts"))};
      const signal = new AbortController().signal;
      const view = await openOverlay(${JSON.stringify(device.source)}, { storeDirectory: ${JSON.stringify(storeDirectory)}, signal });
      if (view.path !== "") process.kill(process.pid, "SIGKILL");`;
    const argv = [process.execPath, "--input-type=module", "--eval", program];
    await assert.rejects(run(argv), /ended by SIGKILL/);
    const name = (await listMapped())[0] ?? "";
    assert.match(name, /^p2v-overlay-/);
    const [directory] = await cleanLeftovers({ directories: [storeDirectory] });
    assert.equal(name, `${basename(directory ?? "")}-view`);
    assert.ok(!(await listMapped()).includes(name));
    await using again = await openOverlay(device.source, { storeDirectory, signal });
    assert.notEqual(basename(again.path), name);
  }));

test("a device-mapper device that is not ours is left alone", () =>
  leavingNothing(async (storeDirectory) => {
    await using other = await createMapped("other-view", {
      targets: [{ sectors: 8, table: "zero" }],
      readOnly: false,
      signal,
    });
    await cleanLeftovers({ directories: [storeDirectory] });
    await using file = await open(other.path, "r");
    assert.ok(file.fd > 0);
  }));
