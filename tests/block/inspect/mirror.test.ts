// SPDX-License-Identifier: Apache-2.0
// Mirrors of Linux software RAID above the overlay, without md: what is written goes to every member that is up to date.
import assert from "node:assert/strict";
import { copyFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf, copiesOf, findSpec, rangesOf } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph, readFewerMembers, readUsedMaps } from "../../../src/inspect/index.ts";
import { attachVolumes, checkVolume, mountGuest, openOverlay } from "../../../src/overlay/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { writeAt } from "../../support/disks/filesystems.ts";
import { LVCREATE, lvm } from "../../support/disks/lvm.ts";
import { type MdVersion, mdSuperblock } from "../../support/disks/md.ts";
import { noise } from "../../../lab/noise.ts";
import { leavingNothing, never as signal, sha256sum } from "../../support/disks/overlays.ts";
import { scratch } from "../../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 64 * MIB;

type MirrorSpec = {
  readonly version: MdVersion;
  /** Events of each member; the highest are up to date. */
  readonly events: readonly number[];
  readonly members?: number;
  /** Fills the array's bytes on the first member; they are copied to the others. */
  readonly fill: (device: string) => Promise<void>;
};

async function mirrorDisks(
  spec: MirrorSpec,
): Promise<AsyncDisposable & { readonly paths: readonly string[] }> {
  const directory = await scratch();
  const paths: string[] = [];
  for (const [role, events] of spec.events.entries()) {
    const path = join(directory.path, `member-${role}.img`);
    await writeFile(path, "");
    await truncate(path, SIZE);
    const { bytes, at, data } = mdSuperblock({
      version: spec.version,
      sizeBytes: SIZE,
      role,
      events,
      members: spec.members ?? spec.events.length,
      level: 1,
    });
    if (role === 0) {
      await using loop = await attachLoop(path, {
        offset: data.start,
        sizeBytes: data.sizeBytes,
        readOnly: false,
      });
      await spec.fill(loop.path);
    } else {
      const first = await readFile(paths[0] ?? "");
      await writeAt(path, first.subarray(data.start, data.start + data.sizeBytes), data.start);
    }
    await writeAt(path, bytes, at);
    paths.push(path);
  }
  return { paths, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

const mkfs = async (device: string): Promise<void> =>
  void (await run([
    "mkfs.ext4",
    "-q",
    "-U",
    "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d",
    "-E",
    "nodiscard",
    device,
  ]));

for (const version of ["1.2", "1.1", "1.0", "0.90"] as const)
  test(`a file system on a mirror (${version}): writes go to both members, and nothing of their heads changes`, () =>
    leavingNothing(async (storeDirectory) => {
      await using mirror = await mirrorDisks({ version, events: [7, 7], fill: mkfs });
      const before = await Promise.all(mirror.paths.map(sha256sum));
      const disks = await Promise.all(mirror.paths.map((path, index) => openSourceDisk(path, index + 1)));
      const { graph, problems } = await readDiskGraph(disks, { signal });
      assert.deepEqual(problems, []);
      assert.equal(copiesOf(graph, "md:0/fs"), 2);
      assert.equal(findSpec(graph, "/dev/md0"), "md:0/fs");
      await using scope = new AsyncDisposableStack();
      const views = [];
      for (const disk of disks) views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
      const content = noise("mirror", 3 * MIB);
      {
        await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
        const root = { node: "md:0/fs", type: "ext4" };
        {
          await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
          await writeFile(join(tree.directory, "new"), content);
        }
        const device = await volumes.device("md:0/fs");
        const path = "path" in device ? device.path : "";
        const { state, words } = await checkVolume({ device: path, type: "ext4", replay: true, signal });
        assert.equal(state, "clean", words);
      }
      const sealed = [];
      for (const view of views) sealed.push(scope.use(await view.seal({ signal })));
      const paths = new Map(sealed.map((view, index) => [index + 1, view.path]));
      const { maps, notes } = await readUsedMaps({ graph, views: paths, signal });
      assert.deepEqual(notes, []);
      const { at, data } = mdSuperblock({
        version,
        sizeBytes: SIZE,
        role: 0,
        events: 7,
        members: 2,
        level: 1,
      });
      const whole = await Promise.all(sealed.map((view) => readFile(view.path)));
      for (const [index, bytes] of whole.entries()) {
        const map = maps.get(index + 1) ?? { size: 0, runs: [] };
        assert.ok(bytesOf(map, "unused") > 40 * MIB, "free space of the file system is not sent");
        for (const { start, end } of rangesOf(map, "unused")) bytes.fill(0xa5, start, end);
        const volume = join(storeDirectory, "again.img");
        await writeFile(volume, bytes.subarray(data.start, data.start + data.sizeBytes));
        await run(["e2fsck", "-f", "-n", volume]);
        await rm(volume);
        assert.ok(bytes.includes(content.subarray(0, 4096)));
        const old = await readFile(mirror.paths[index] ?? "");
        assert.ok(bytes.subarray(at, at + 4096).equals(old.subarray(at, at + 4096)));
      }
      const arrays = whole.map((bytes) => bytes.subarray(data.start, data.start + data.sizeBytes));
      assert.ok(arrays[0]?.equals(arrays[1] ?? Buffer.alloc(0)), "the members differ");
      assert.deepEqual(await Promise.all(mirror.paths.map(sha256sum)), before);
    }));

test("problem 13: a member that was left behind is neither read nor written; a missing one is told", () =>
  leavingNothing(async (storeDirectory) => {
    await using mirror = await mirrorDisks({ version: "1.2", events: [4, 9], members: 2, fill: mkfs });
    const disks = await Promise.all(mirror.paths.map((path, index) => openSourceDisk(path, index + 1)));
    const { graph, problems } = await readDiskGraph(disks, { signal });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["md-degraded"],
    );
    assert.deepEqual(
      graph.edges.filter(({ from }) => from === "md:0").map(({ to }) => to),
      ["disk:2/md"],
    );
    await using first = await openOverlay(disks[0] ?? assert.fail(), { storeDirectory, signal });
    await using second = await openOverlay(disks[1] ?? assert.fail(), { storeDirectory, signal });
    {
      await using volumes = await attachVolumes({ graph, views: [first, second], readOnly: false, signal });
      const root = { node: "md:0/fs", type: "ext4" };
      await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
      await writeFile(join(tree.directory, "new"), "new");
    }
    await using stale = await first.seal({ signal });
    await using fresh = await second.seal({ signal });
    assert.deepEqual(stale.touched, []);
    assert.ok(fresh.touched.length > 0);
  }));

test("LVM on a mirror: volumes in pieces are opened, and free extents are not sent", () =>
  leavingNothing(async (storeDirectory) => {
    await using mirror = await mirrorDisks({
      version: "1.2",
      events: [7, 7],
      async fill(device) {
        await lvm([device], ["pvcreate", "-y", device]);
        await lvm([device], ["vgcreate", "vg0", device]);
        await lvm([device], [...LVCREATE, "-n", "root", "-L", "8M", "vg0"]);
        await lvm([device], [...LVCREATE, "-n", "other", "-L", "4M", "vg0"]);
        await lvm([device], ["lvextend", "-L", "+8M", "vg0/root"]);
      },
    });
    const disks = await Promise.all(mirror.paths.map((path, index) => openSourceDisk(path, index + 1)));
    const { graph, problems } = await readDiskGraph(disks, { signal });
    assert.deepEqual(problems, []);
    await using scope = new AsyncDisposableStack();
    const views = [];
    for (const disk of disks) views.push(scope.use(await openOverlay(disk, { storeDirectory, signal })));
    {
      await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
      const device = await volumes.device("lv:vg0/root");
      assert.ok("path" in device, JSON.stringify(device));
      await writeAt(device.path, noise("lv", 16 * MIB), 0);
    }
    const sealed = [];
    for (const view of views) sealed.push(scope.use(await view.seal({ signal })));
    const [a, b] = await Promise.all(sealed.map((view) => readFile(view.path)));
    const { data } = mdSuperblock({
      version: "1.2",
      sizeBytes: SIZE,
      role: 0,
      events: 7,
      members: 2,
      level: 1,
    });
    assert.ok(a?.subarray(data.start).equals(b?.subarray(data.start) ?? Buffer.alloc(0)));
    assert.ok(a?.includes(noise("lv", 16 * MIB).subarray(12 * MIB, 12 * MIB + 65_536)));
    const paths = new Map(sealed.map((view, index) => [index + 1, view.path]));
    const { maps } = await readUsedMaps({ graph, views: paths, signal });
    for (const map of maps.values()) assert.ok(bytesOf(map, "unused") > 30 * MIB);
  }));

for (const version of ["1.2", "1.1", "1.0", "0.90"] as const)
  test(`one of two mirrors (${version}) becomes a whole array of one, as mdadm reads it, and the rest stays`, () =>
    leavingNothing(async (storeDirectory) => {
      await using mirror = await mirrorDisks({ version, events: [3, 7], members: 2, fill: mkfs });
      const [, path = ""] = mirror.paths;
      const range = { start: 0, end: SIZE };
      assert.equal(await readFewerMembers(path, range, { place: 0, count: 2 }), null);
      const fewer = await readFewerMembers(path, range, { place: 0, count: 1 });
      if (fewer === null) throw new TypeError("It has two members");
      const { offset, bytes } = fewer;
      assert.equal(bytes.length, 4096);
      const alone = join(storeDirectory, "alone.img");
      await copyFile(path, alone);
      await writeAt(alone, Buffer.from(bytes), offset);
      const examine = async (file: string): Promise<ReadonlyMap<string, string>> => {
        const { stdout } = await run(["mdadm", "--examine", file]);
        return new Map(
          stdout.split("\n").map((line) => {
            const [name = "", ...value] = line.split(" : ");
            return [name.trim(), value.join(" : ").trim()] as const;
          }),
        );
      };
      const [old, now] = [await examine(path), await examine(alone)];
      const told = ["Raid Level", "Raid Devices", "State", "Array State"].map((name) => now.get(name));
      const newer = version !== "0.90";
      assert.deepEqual(told, [
        "raid1",
        "1",
        "clean",
        newer ? "A ('A' == active, '.' == missing, 'R' == replacing)" : undefined,
      ]);
      assert.match(now.get("Checksum") ?? "", /correct/);
      for (const same of newer
        ? ["Array UUID", "Name", "Events", "Device UUID", "Data Offset"]
        : ["UUID", "Events"])
        assert.equal(now.get(same), old.get(same), same);
      const disk = await openSourceDisk(alone, 1);
      const { graph, problems } = await readDiskGraph([disk], { signal });
      assert.deepEqual(problems, []);
      assert.equal(copiesOf(graph, "md:0/fs"), 1);
      await rm(alone);
    }));
