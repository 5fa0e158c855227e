// SPDX-License-Identifier: Apache-2.0
// Volumes in pieces and mirrors above dm-snapshots. Runs inside the live CD, as snapshot.test.ts beside it.
import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { BlockGraph, SourceDisk } from "../../src/core/index.ts";
import { readDiskGraph } from "../../src/inspect/index.ts";
import { attachVolumes, cleanLeftovers, mountGuest, openOverlay } from "../../src/overlay/index.ts";
import { attachLoop, listMapped, run } from "../../src/system/index.ts";
import { writeAt } from "../support/disks/filesystems.ts";
import { LVCREATE, lvm } from "../support/disks/lvm.ts";
import { mdSuperblock } from "../support/disks/md.ts";
import { noise } from "../../lab/noise.ts";
import { leavingNothing, never as signal, sha256sum } from "../support/disks/overlays.ts";
import { scratch } from "../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 96 * MIB;

type Devices = AsyncDisposable & {
  readonly images: readonly string[];
  readonly disks: readonly SourceDisk[];
};

/** Two read-only devices of the kernel, made by `fill` while they were writable. */
async function twoDevices(fill: (devices: readonly string[]) => Promise<void>): Promise<Devices> {
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await scratch()).path;
  const images: string[] = [];
  const disks: SourceDisk[] = [];
  for (const number of [1, 2]) {
    const image = join(directory, `${number}.img`);
    await writeFile(image, "");
    await truncate(image, SIZE);
    const loop = scope.use(await attachLoop(image, { offset: 0, sizeBytes: SIZE, readOnly: false }));
    scope.defer(async () => void (await run(["blockdev", "--setrw", loop.path]))); // the flag stays with the number
    images.push(image);
    disks.push({ number, path: loop.path, kind: "device", sizeBytes: SIZE, sectorBytes: 512 });
  }
  await fill(disks.map(({ path }) => path));
  for (const { path } of disks) {
    await run(["blockdev", "--flushbufs", path]);
    await run(["blockdev", "--setro", path]);
  }
  const owned = scope.move();
  return { images, disks, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function writeThrough(
  { images, disks }: Devices,
  { node, storeDirectory, content }: { node: string; storeDirectory: string; content: Buffer },
): Promise<{ readonly graph: BlockGraph; readonly sealed: readonly Buffer[] }> {
  const before = await Promise.all(images.map(sha256sum));
  const { graph, problems } = await readDiskGraph(disks, { signal });
  assert.deepEqual(problems, []);
  await using scope = new AsyncDisposableStack();
  const views = [];
  for (const disk of disks) views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
  {
    await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
    const device = await volumes.device(node);
    assert.match("path" in device ? device.path : JSON.stringify(device), /^\/dev\/mapper\/p2v-volumes-/);
    const root = { node, type: "ext4" };
    await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
    await writeFile(join(tree.directory, "new"), content);
  }
  const sealed = [];
  for (const view of views) sealed.push(scope.use(await view.seal({ signal })));
  {
    await using volumes = await attachVolumes({ graph, views: sealed, readOnly: true, signal });
    const root = { node, type: "ext4" };
    await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
    assert.ok((await readFile(join(tree.directory, "new"))).equals(content));
  }
  assert.deepEqual(await Promise.all(images.map(sha256sum)), before);
  return { graph, sealed: await Promise.all(sealed.map(({ path }) => readFile(path))) };
}

const content = noise("live volumes", 4 * MIB);

test("a logical volume in pieces over two snapshots is one device of device-mapper", () =>
  leavingNothing(async (storeDirectory) => {
    await using devices = await twoDevices(async (paths) => {
      const [first = "", second = ""] = paths;
      await lvm(paths, ["pvcreate", "-y", ...paths]);
      await lvm(paths, ["vgcreate", "vg0", ...paths]);
      await lvm(paths, [...LVCREATE, "-n", "root", "-L", "12M", "vg0", first]);
      await lvm(paths, [...LVCREATE, "-n", "str", "-i2", "-I64k", "-L", "24M", "vg0"]);
      await lvm(paths, ["lvextend", "-L", "+12M", "vg0/root", second]);
      const disks = paths.map((path, index): SourceDisk => {
        return { number: index + 1, path, kind: "device", sizeBytes: SIZE, sectorBytes: 512 };
      });
      const { graph } = await readDiskGraph(disks, { signal });
      const views = disks.map((disk) => ({ disk, path: disk.path }));
      await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
      for (const name of ["root", "str"]) {
        const device = await volumes.device(`lv:vg0/${name}`);
        await run(["mkfs.ext4", "-q", "-E", "nodiscard", "path" in device ? device.path : ""]);
      }
    });
    for (const name of ["root", "str"])
      await writeThrough(devices, { node: `lv:vg0/${name}/fs`, storeDirectory, content });
  }));

test("writes to a mirror above two snapshots go to both members", () =>
  leavingNothing(async (storeDirectory) => {
    await using devices = await twoDevices(async (paths) => {
      for (const [role, path] of paths.entries()) {
        const spec = { version: "1.2", sizeBytes: SIZE, role, events: 5, members: 2, level: 1 } as const;
        const { bytes, at, data } = mdSuperblock(spec);
        await using loop = await attachLoop(path, {
          offset: data.start,
          sizeBytes: data.sizeBytes,
          readOnly: false,
        });
        const uuid = "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";
        const extended = `nodiscard,hash_seed=${uuid},lazy_itable_init=0`;
        await run(["mkfs.ext4", "-q", "-U", uuid, "-E", extended, loop.path], {
          env: { E2FSPROGS_FAKE_TIME: "1700000000" },
        });
        await writeAt(path, bytes, at);
      }
    });
    const { sealed } = await writeThrough(devices, { node: "md:0/fs", storeDirectory, content });
    const [a, b] = sealed.map((bytes) => bytes.subarray(MIB));
    assert.ok(a?.includes(content.subarray(0, 4096)) && b?.includes(content.subarray(0, 4096)));
    assert.ok((await listMapped()).every((name) => !name.startsWith("p2v-")));
    assert.deepEqual(await cleanLeftovers({ directories: [storeDirectory] }), []);
  }));
