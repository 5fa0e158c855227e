// SPDX-License-Identifier: Apache-2.0
// MBRs made by hand, and what holds for both kinds of table: what Linux would see, and what a person is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gptDisk, mbrSector } from "../../../../tests/support/disks/tables.ts";
import { UserError } from "../../../core/index.ts";
import { findOverlapping } from "./table.ts";
import { brief, diskOf, readDisk } from "../../../../tests/support/disks/read-tables.ts";

test("an MBR has its primary partitions under their own numbers", async () => {
  const disk = diskOf(100, {
    0: mbrSector([
      { flag: 0x80, type: 0x83, start: 10, sectors: 20 },
      { type: 0, start: 0, sectors: 0 },
      { type: 0x82, start: 40, sectors: 60 },
    ]),
  });
  const table = await readDisk(disk);
  assert.equal(table.kind, "mbr");
  assert.equal(table.id, "1234abcd");
  assert.deepEqual(brief(table), [
    [1, 10, 30, "83"],
    [3, 40, 100, "82"],
  ]);
  assert.deepEqual(
    table.partitions.map(({ uuid, bootable }) => [uuid, bootable]),
    [
      ["1234abcd-01", true],
      ["1234abcd-03", false],
    ],
  );
  assert.deepEqual(table.problems, []);
});

test("logical partitions are counted from 5: their place from their own EBR, the next EBR from the first", async () => {
  const disk = diskOf(200, {
    0: mbrSector([
      { type: 0x83, start: 1, sectors: 9 },
      { type: 0x0f, start: 20, sectors: 180 },
    ]),
    20: mbrSector([
      { type: 0x83, start: 2, sectors: 10 },
      { type: 5, start: 30, sectors: 50 },
    ]),
    50: mbrSector([
      { type: 0x82, start: 1, sectors: 5 },
      { type: 5, start: 100, sectors: 20 },
    ]),
    120: mbrSector([{ type: 0x8e, start: 3, sectors: 70 }]),
  });
  const table = await readDisk(disk);
  assert.deepEqual(brief(table), [
    [1, 1, 10, "83"],
    [2, 20, 200, "f"],
    [5, 22, 32, "83"],
    [6, 51, 56, "82"],
    [7, 123, 193, "8e"],
  ]);
  assert.deepEqual(table.problems, []);
});

test("a chain of EBRs that runs in a circle ends, and is told", async () => {
  const disk = diskOf(100, {
    0: mbrSector([{ type: 5, start: 10, sectors: 90 }]),
    10: mbrSector([
      { type: 0x83, start: 1, sectors: 2 },
      { type: 5, start: 20, sectors: 10 },
    ]),
    30: mbrSector([
      { type: 0x83, start: 1, sectors: 2 },
      { type: 5, start: 0, sectors: 10 },
    ]),
  });
  const table = await readDisk(disk);
  assert.deepEqual(brief(table).slice(1), [
    [5, 11, 13, "83"],
    [6, 31, 33, "83"],
  ]);
  assert.match(table.problems.map((problem) => problem.text).join(), /circle/);
});

test("a chain that leaves the disk is told", async () => {
  const disk = diskOf(100, {
    0: mbrSector([{ type: 5, start: 10, sectors: 90 }]),
    10: mbrSector([
      { type: 0x83, start: 1, sectors: 2 },
      { type: 5, start: 5000, sectors: 10 },
    ]),
  });
  const { problems } = await readDisk(disk);
  assert.deepEqual(
    problems.map((problem) => problem.code),
    ["mbr-chain-broken"],
  );
});

for (const [what, first, expected] of [
  ["nothing", Buffer.alloc(512), false],
  ["an MBR without partitions", mbrSector([]), true],
] as const)
  test(`${what} is not a table`, async () => {
    const table = await readDisk(diskOf(10, { 0: first }));
    assert.deepEqual([table.kind, table.emptyMbr, table.partitions], ["none", expected, []]);
  });

test("the boot sector of a file system is not an MBR, though it ends like one", async () => {
  const sector = mbrSector([]);
  sector.write("Non-system disk, press any key when ready", 430, "latin1");
  const table = await readDisk(diskOf(10, { 0: sector }));
  assert.deepEqual([table.kind, table.emptyMbr], ["none", false]);
});

test("a truncated image says which partition, and how many bytes are missing", async () => {
  const mbr = diskOf(100, {
    0: mbrSector([
      { type: 0x83, start: 10, sectors: 20 },
      { type: 0x83, start: 90, sectors: 110 },
    ]),
  });
  const gpt = gptDisk({ sectors: 300, entries: [{ first: 150, last: 199 }] }).subarray(0, 100 * 512);
  for (const [disk, number] of [
    [mbr, 2],
    [gpt, 1],
  ] as const)
    await assert.rejects(readDisk(disk), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.area, error.code], ["source", "image-truncated"]);
      assert.match(error.message, new RegExp(`partition ${number} ends at byte 102400: 51200 bytes`));
      return true;
    });
});

test("findOverlapping() names all partitions that share bytes, and no extended one", () => {
  const part = (number: number, start: number, end: number, extended = false) => ({
    number,
    start,
    end,
    extended,
    type: "83",
    uuid: "",
    name: null,
    bootable: false,
  });
  const found = findOverlapping([
    part(1, 0, 10),
    part(2, 10, 100, true),
    part(5, 12, 50),
    part(6, 20, 30),
    part(7, 40, 60),
    part(8, 60, 70),
  ]);
  assert.deepEqual(
    [...found].toSorted((a, b) => a - b),
    [5, 6, 7],
  );
});
