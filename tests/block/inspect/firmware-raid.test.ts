// SPDX-License-Identifier: Apache-2.0
// Disks of RAIDs that a firmware made. mdadm judges the metadata that these tests write.
import assert from "node:assert/strict";
import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/index.ts";
import { leaveOutCopies } from "../../../src/inspect/index.ts";
import { eraseRaidSignatures } from "../../../src/job/source/plain-disks.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { ddfTail, type ImsmSpec, imsmTail } from "../../support/disks/firmware-raid.ts";
import { never as signal } from "../../support/disks/overlays.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

/** A disk with a GPT, which fills the volume, and 8 MiB of the controller's behind it. */
async function member(
  t: TestContext,
  tailOf: (sizes: { readonly volume: number; readonly disk: number }) => Buffer,
): Promise<string> {
  const disk = await makeDisk({
    table: "gpt",
    partitions: [{ sizeMb: 16, fs: "ext4", uuid: "11111111-2222-4333-8444-555555555555" }],
  });
  t.after(() => disk[Symbol.asyncDispose]());
  const volume = disk.sizeBytes;
  const path = join(await temporary(t), "disk.img");
  await run(["cp", "--sparse=always", "--", disk.path, path]);
  await truncate(path, volume + 8 * MIB);
  await writeTail(path, tailOf({ volume, disk: volume + 8 * MIB }), volume + 8 * MIB);
  return path;
}

async function writeTail(path: string, tail: Buffer, sizeBytes: number): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(tail, 0, tail.length, sizeBytes - tail.length);
}

async function look(...paths: readonly string[]) {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  return { disks, ...(await readDiskGraph(disks, { signal })) };
}

const imsm =
  (more: Partial<ImsmSpec["volumes"][number]> = {}, generation = 7) =>
  ({ volume, disk }: { volume: number; disk: number }): Buffer =>
    imsmTail({
      diskBytes: disk,
      generation,
      volumes: [{ name: "root", level: 1, members: 2, sizeBytes: volume, ...more }],
    });

test("mdadm reads the metadata that these tests write as they mean it", async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "disk.img");
  const examine = async (tail: Buffer, kind: string): Promise<string> => {
    await (await open(path, "w")).close();
    await truncate(path, 64 * MIB);
    await writeTail(path, tail, 64 * MIB);
    await using loop = await attachLoop(path, { offset: 0, sizeBytes: 64 * MIB, readOnly: true });
    const env = { IMSM_NO_PLATFORM: "1", IMSM_DEVNAME_AS_SERIAL: "1" };
    return (await run(["mdadm", "--examine", "--metadata", kind, loop.path], { env })).stdout;
  };
  const volumes = [{ name: "root", level: 1, members: 2, sizeBytes: 32 * MIB }] as const;
  const intel = await examine(imsmTail({ diskBytes: 64 * MIB, volumes }), "imsm");
  assert.match(
    intel,
    /Checksum : \w+ correct[^]*\[root\]:[^]*RAID Level : 1\n[^]*Members : 2\n[^]*Sector Offset : 0\n/,
  );
  const ddf = ddfTail({
    diskBytes: 64 * MIB,
    level: 1,
    members: 2,
    own: 1,
    name: "vd0",
    memberSectors: 65_536,
  });
  assert.match(await examine(ddf, "ddf"), /Name\[0\] : vd0[^]*2 \(0@0K 1@0K\)[^]*Raid Level\[0\] : RAID1/);
});

test("a mirror is read from its newest disk as a plain one, and the other is left out", async (t) => {
  const [old, newest] = [await member(t, imsm({}, 6)), await member(t, imsm())];
  for (const paths of [
    [old, newest],
    [newest, old],
  ]) {
    const { graph, problems, disks } = await look(...paths);
    assert.deepEqual(
      problems.map(({ code }) => code).toSorted(),
      ["firmware-raid-degraded", "firmware-raid-plain"],
      "and no damaged GPT: its backup lies at the end of the volume",
    );
    assert.equal(graph.nodes.filter(({ holds }) => holds.kind === "filesystem").length, 1);
    const fewer = leaveOutCopies(graph, disks);
    assert.deepEqual(fewer.disks, [{ ...disks[paths.indexOf(newest)], number: 1 }]);
    assert.deepEqual(
      fewer.graph.nodes.map(({ id }) => id),
      ["disk:1", "disk:1/part:1", "disk:1/part:1/fs"],
    );
  }
});

test("in the VM it is no member of anything", async (t) => {
  for (const path of [
    await member(t, imsm()),
    await member(t, ({ volume, disk }) =>
      ddfTail({ diskBytes: disk, level: 1, members: 2, own: 0, name: "a", memberSectors: volume / 512 }),
    ),
  ]) {
    const { graph, disks } = await look(path);
    const [disk] = disks;
    assert.ok(disk);
    // A view of the disk is a file as large.
    const view = { disk, path } as Parameters<typeof eraseRaidSignatures>[1][number];
    await eraseRaidSignatures(graph, [view]);
    assert.doesNotMatch((await run(["wipefs", "--", path])).stdout, /raid_member/);
    assert.deepEqual(
      (await look(path)).problems.filter(({ code }) => code.startsWith("firmware")),
      [],
    );
  }
});

test("a volume over several disks is a part, and left over metadata are told by what lies there", async (t) => {
  const woven = await member(t, imsm({ level: 5, members: 3 }));
  assert.deepEqual(
    (await look(woven)).problems.map(({ code }) => code).filter((code) => code.startsWith("firm")),
    ["firmware-raid-leftover"],
  );
  await run(["dd", "if=/dev/zero", `of=${woven}`, "bs=1M", "count=2", "conv=notrunc"]);
  const { graph, problems } = await look(woven);
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [["firmware-raid-part", "stops"]],
  );
  const opaque = graph.nodes.find(({ holds }) => holds.kind === "opaque")?.holds;
  assert.ok(opaque?.kind === "opaque");
  assert.equal(opaque.why, 'part of Intel RAID 5 volume "root" of 3 disks');
});
