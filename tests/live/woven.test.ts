// SPDX-License-Identifier: Apache-2.0
// RAID 0, 5 and 10 above dm-snapshots: the kernel weaves and keeps parity, and what it wrote is read as we read arrays.
// Runs inside the live CD, as snapshot.test.ts beside it.
import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type SourceDisk, wovenNodes } from "../../src/core/index.ts";
import { readDiskGraph } from "../../src/inspect/index.ts";
import { bytesReader } from "../../src/inspect/storage/reader.ts";
import { weaveReader } from "../../src/inspect/storage/md/weave-reader.ts";
import { attachVolumes, mountGuest, openOverlay } from "../../src/overlay/index.ts";
import { attachLoop, run } from "../../src/system/index.ts";
import { writeAt } from "../support/disks/filesystems.ts";
import { mdSuperblock } from "../support/disks/md.ts";
import { noise } from "../../lab/noise.ts";
import { leavingNothing, never as signal, sha256sum } from "../support/disks/overlays.ts";
import { scratch } from "../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 24 * MIB;
const content = noise("live woven", 9 * MIB);

const KINDS = [
  { level: 0, layout: 0, count: 3 },
  { level: 5, layout: 0, count: 3 },
  { level: 5, layout: 1, count: 3 },
  { level: 5, layout: 2, count: 4 },
  { level: 5, layout: 3, count: 3 },
  { level: 10, layout: 0x102, count: 4 },
  { level: 10, layout: 0x103, count: 6 },
] as const;

for (const { level, layout, count } of KINDS)
  for (const lost of level === 0 ? [null] : [null, 1])
    test(`RAID ${level}, layout ${layout}, ${count} members${lost === null ? "" : ", one missing"}`, () =>
      leavingNothing(async (storeDirectory) => {
        await using scope = new AsyncDisposableStack();
        const directory = scope.use(await scratch()).path;
        const disks: SourceDisk[] = [];
        const images: string[] = [];
        for (let role = 0; role < count; role += 1) {
          const image = join(directory, `${role}.img`);
          await writeFile(image, "");
          await truncate(image, SIZE);
          const spec = {
            version: "1.2",
            sizeBytes: SIZE,
            role,
            events: 5,
            members: count,
            level,
            layout,
          } as const;
          const { bytes, at } = mdSuperblock({ ...spec, chunkBytes: 65_536 });
          await writeAt(image, bytes, at);
          images.push(image);
          if (role === lost) continue;
          const loop = scope.use(await attachLoop(image, { offset: 0, sizeBytes: SIZE, readOnly: false }));
          disks.push({
            number: disks.length + 1,
            path: loop.path,
            kind: "device",
            sizeBytes: SIZE,
            sectorBytes: 512,
          });
        }
        // The kernel makes the file system on the array, and then writes to it through snapshots.
        const before = (await readDiskGraph(disks, { signal })).graph;
        {
          const views = disks.map((disk) => ({ disk, path: disk.path }));
          await using volumes = await attachVolumes({ graph: before, views, readOnly: false, signal });
          const device = await volumes.device("md:0");
          await run([
            "mkfs.ext4",
            "-q",
            "-E",
            "nodiscard",
            "path" in device ? device.path : JSON.stringify(device),
          ]);
        }
        for (const { path } of disks) await run(["blockdev", "--flushbufs", path]);
        const sums = await Promise.all(images.map(sha256sum));
        const { graph } = await readDiskGraph(disks, { signal });
        const weave = wovenNodes(graph).get("md:0");
        assert.ok(weave !== undefined);
        const views = [];
        for (const disk of disks) views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
        const root = { node: "md:0/fs", type: "ext4" };
        {
          await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
          await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
          await writeFile(join(tree.directory, "new"), content);
        }
        const sealed = [];
        for (const view of views) sealed.push(scope.use(await view.seal({ signal })));
        {
          await using volumes = await attachVolumes({ graph, views: sealed, readOnly: true, signal });
          await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: true, signal });
          assert.ok((await readFile(join(tree.directory, "new"))).equals(content));
        }
        assert.deepEqual(await Promise.all(images.map(sha256sum)), sums);

        const here = await Promise.all(sealed.map(async ({ path }) => bytesReader(await readFile(path))));
        if (lost !== null) here.splice(lost, 0, bytesReader(new Uint8Array()));
        const check = async (members: readonly ({ node: string; start: number } | null)[]): Promise<void> => {
          const reader = weaveReader({ ...weave, members }, here);
          const parts: Uint8Array[] = [];
          for (let at = 0; at < reader.sizeBytes; at += MIB) parts.push(await reader.read(at, MIB));
          const array = join(directory, "array.img");
          await writeFile(array, Buffer.concat(parts));
          await run(["e2fsck", "-f", "-n", array]);
          await run(["debugfs", "-R", `dump /new ${directory}/new`, array]);
          assert.ok((await readFile(join(directory, "new"))).equals(content));
        };
        await check(weave.members);
        // What the kernel wrote as parity, or as copies, gives each member's bytes again.
        if (level !== 0 && lost === null)
          for (let without = 0; without < count; without += 1)
            await check(weave.members.map((member, index) => (index === without ? null : member)));
      }));
