// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ddfTail, imsmTail } from "../../../../tests/support/disks/firmware-raid.ts";
import type { BlockNode } from "../../../core/index.ts";
import { bytesReader } from "../reader.ts";
import { readDdf } from "./ddf.ts";
import { readImsm } from "./imsm.ts";
import type { RaidMetadata } from "./metadata.ts";
import { type LookedAt, settleFirmwareRaid } from "./settle.ts";
import { parseWipefs } from "./signatures.ts";
import { titleOf } from "./words.ts";

const MIB = 2 ** 20;
const SIZE = MIB;
const diskOf = (tail: Buffer): Uint8Array => Buffer.concat([Buffer.alloc(SIZE - tail.length), tail]);
const ROOT = { name: "root", level: 1, members: 2, sizeBytes: SIZE / 2 } as const;
const imsm = (...volumes: Parameters<typeof imsmTail>[0]["volumes"]) =>
  readImsm(bytesReader(diskOf(imsmTail({ diskBytes: SIZE, volumes }))), 512);
const DDF = { diskBytes: SIZE, level: 1, members: 2, own: 1, name: "vd0", memberSectors: 1024 };
const title = (found: RaidMetadata | null): string => (found === null ? "" : titleOf(found));

test("Intel's metadata say which volumes there are, in the anchor and before it", async () => {
  assert.deepEqual(await imsm(ROOT), {
    title: "Intel RAID",
    family: "imsm 1234abcd",
    generation: 7,
    diskCount: 2,
    volumes: [{ name: "root", level: "RAID 1", members: 2, start: 0, sizeBytes: SIZE / 2, isWhole: true }],
  });
  assert.equal(title(await imsm(ROOT)), 'Intel RAID 1 volume "root" of 2 disks');
  assert.equal(title(await imsm({ ...ROOT, level: 5, members: 3 })), 'Intel RAID 5 volume "root" of 3 disks');
  assert.equal(title(await imsm({ ...ROOT, members: 4 })), 'Intel RAID 10 volume "root" of 4 disks');
  const many = { ...ROOT, level: 5, members: 6, name: "a" } as const;
  assert.equal(
    title(await imsm(many, { ...many, name: "b", startBytes: SIZE / 4 })),
    "Intel RAID, 2 volumes",
  );
});

test("the metadata of DDF say which part of which volume a disk is", async () => {
  const read = (more: Partial<typeof DDF>) => readDdf(bytesReader(diskOf(ddfTail({ ...DDF, ...more }))));
  const volume = { name: "vd0", level: "RAID 1", members: 2, start: 0, sizeBytes: SIZE / 2, isWhole: true };
  assert.deepEqual((await read({}))?.volumes, [volume]);
  assert.equal(
    title(await read({ level: 5, members: 3 })),
    'RAID of the DDF kind, RAID 5 volume "vd0" of 3 disks',
  );
  assert.deepEqual((await read({ own: 7 }))?.volumes, [], "a disk that no volume knows");
});

test("metadata that lie, or are cut off, are none; nothing of them is read beyond its bounds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(imsmTail({ diskBytes: SIZE, volumes: [ROOT, ROOT] }), ddfTail(DDF)),
      fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { maxLength: 20 }),
      async (tail, flips) => {
        const bytes = Buffer.from(tail);
        for (const [at, value] of flips) if (at < bytes.length) bytes[bytes.length - 1 - at] = value;
        const reader = bytesReader(diskOf(bytes));
        for (const found of [await readImsm(reader, 512), await readDdf(reader)])
          if (found !== null) assert.ok(titleOf(found).length < 500);
      },
    ),
    { numRuns: 300 },
  );
  assert.equal(await readImsm(bytesReader(new Uint8Array(512)), 512), null);
  assert.equal(await readDdf(bytesReader(new Uint8Array(100))), null);
});

const fs = (disk: number, uuid: string): BlockNode => ({
  id: `disk:${disk}/part:1/fs`,
  path: `/dev/sd${disk}`,
  sizeBytes: MIB,
  sectorBytes: 512,
  holds: { kind: "filesystem", type: "ext4", uuid, label: null },
});
const looked = (number: number, metadata: Partial<RaidMetadata>, uuid: string | null = "same"): LookedAt => ({
  number,
  type: "isw_raid_member",
  metadata: {
    title: "Intel RAID",
    family: "a",
    generation: 1,
    diskCount: 2,
    volumes: "unknown",
    ...metadata,
  },
  nodes: uuid === null ? [] : [fs(number, uuid)],
});
const volume = { name: "v", level: "RAID 1", members: 2, start: 0, sizeBytes: MIB, isWhole: true };
const kinds = (...disks: LookedAt[]) =>
  [...settleFirmwareRaid(disks)].map(([number, settled]) =>
    settled.kind === "copy"
      ? `${number} of ${settled.of}${settled.isOld ? ", old" : ""}`
      : `${number} ${settled.kind}`,
  );

test("of a mirror the newest disk is taken, and only where it is one", () => {
  const mirror = { volumes: [volume] };
  assert.deepEqual(kinds(looked(1, mirror), looked(2, mirror)), ["1 plain", "2 of disk:1"]);
  assert.deepEqual(kinds(looked(1, mirror), looked(2, { ...mirror, generation: 2 }, "other")), [
    "1 of disk:2, old",
    "2 plain",
  ]);
  assert.deepEqual(kinds(looked(1, mirror), looked(2, { ...mirror, family: "b" })), ["1 plain", "2 plain"]);
  const unknown = { volumes: "unknown" } as const;
  assert.deepEqual(
    kinds(looked(1, unknown), looked(2, unknown)),
    ["1 plain", "2 of disk:1"],
    "they hold the same",
  );
  assert.deepEqual(kinds(looked(1, unknown), looked(2, unknown, "other")), ["1 plain", "2 plain"]);
});

test("what only the controller can put together is a part, and leftover metadata is told by what lies there", () => {
  const woven = { volumes: [{ ...volume, level: "RAID 5", members: 3 }] };
  assert.deepEqual(kinds(looked(1, woven, null), looked(2, woven, null)), ["1 part", "2 part"]);
  assert.deepEqual([...settleFirmwareRaid([looked(1, woven)])], [[1, { kind: "plain", isLeftover: true }]]);
  assert.deepEqual(kinds(looked(1, { volumes: [volume, volume] })), ["1 part"], "two volumes on one disk");
  assert.deepEqual(kinds(looked(1, { volumes: [{ ...volume, start: 4096 }] })), ["1 part"]);
  assert.deepEqual(kinds(looked(1, { volumes: "unknown" }, null)), ["1 part"]);
  assert.deepEqual(kinds(looked(1, { volumes: [] }, null)), ["1 plain"], "a spare");
});

test("parseWipefs() takes what it knows", () => {
  assert.deepEqual(parseWipefs("# offset,length,type\n0x7fffc00,32,isw_raid_member\n0x1fe,2,dos\n$(x)\n"), [
    { type: "isw_raid_member", start: 0x7fffc00, end: 0x7fffc20 },
    { type: "dos", start: 0x1fe, end: 0x200 },
  ]);
});
