// SPDX-License-Identifier: Apache-2.0
// Partition tables made by hand: what Linux would see, and what a person is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gptDisk, mbrSector } from "../../../../tests/support/disks/tables.ts";
import { UserError } from "../../../core/index.ts";
import { bytesReader } from "../reader.ts";
import { findOverlapping, readTable } from "./table.ts";

const KIB = 1024;

function readDisk(disk: Uint8Array, sectorBytes = 512) {
  return readTable(bytesReader(disk), { sectorBytes, title: "disk.img" });
}

/** A disk of `sectors` with sectors put at their places. */
function diskOf(sectors: number, parts: Readonly<Record<number, Uint8Array>>): Buffer {
  const disk = Buffer.alloc(sectors * 512);
  for (const [sector, bytes] of Object.entries(parts)) disk.set(bytes, Number(sector) * 512);
  return disk;
}

const brief = (table: Awaited<ReturnType<typeof readDisk>>) =>
  table.partitions.map(({ number, start, end, type }) => [number, start / 512, end / 512, type]);

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
  test(`${what} is no table`, async () => {
    const table = await readDisk(diskOf(10, { 0: first }));
    assert.deepEqual([table.kind, table.emptyMbr, table.partitions], ["none", expected, []]);
  });

test("the boot sector of a file system is no MBR, though it ends like one", async () => {
  const sector = mbrSector([]);
  sector.write("Non-system disk, press any key when ready", 430, "latin1");
  const table = await readDisk(diskOf(10, { 0: sector }));
  assert.deepEqual([table.kind, table.emptyMbr], ["none", false]);
});

test("a GPT tells names, PARTUUIDs and the legacy boot flag", async () => {
  const disk = gptDisk({
    sectors: 200,
    entries: [
      { first: 40, last: 59, name: "EFI System", attributes: 4n },
      { first: 60, last: 100, name: "räksmörgås" },
    ],
  });
  const table = await readDisk(disk);
  assert.equal(table.kind, "gpt");
  assert.equal(table.id, "03020100-0504-0706-0809-0a0b0c0d0e0f");
  const type = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";
  const uuid = "33221100-5544-7766-8899-aabbccddee";
  assert.deepEqual(table.partitions, [
    {
      number: 1,
      start: 40 * 512,
      end: 60 * 512,
      type,
      uuid: `${uuid}10`,
      name: "EFI System",
      bootable: true,
      extended: false,
    },
    {
      number: 2,
      start: 60 * 512,
      end: 101 * 512,
      type,
      uuid: `${uuid}11`,
      name: "räksmörgås",
      bootable: false,
      extended: false,
    },
  ]);
  assert.deepEqual(table.problems, []);
});

test("a GPT of 4 KiB sectors and large entries is read in its own units", async () => {
  const disk = gptDisk({
    sectors: 100,
    sectorBytes: 4096,
    entryBytes: 256,
    entries: [{ first: 20, last: 29 }],
  });
  const table = await readDisk(disk, 4096);
  assert.deepEqual(
    table.partitions.map(({ start, end }) => [start, end]),
    [[80 * KIB, 120 * KIB]],
  );
});

const sound = () => gptDisk({ sectors: 200, entries: [{ first: 40, last: 59 }] });

for (const [what, at] of [
  ["header", 512 + 60],
  ["list of entries", 1024 + 33],
] as const) {
  test(`where the first ${what} of a GPT is damaged, the backup is used and told`, async () => {
    const disk = sound();
    disk[at] = 0xff;
    const table = await readDisk(disk);
    assert.deepEqual(
      brief(table).map(([number, start]) => [number, start]),
      [[1, 40]],
    );
    assert.deepEqual(
      table.problems.map(({ code, severity }) => [code, severity]),
      [["gpt-primary-damaged", "warns"]],
    );
  });

  test(`where the last ${what} of a GPT is damaged too, there is no table, and a person is told`, async () => {
    const disk = sound();
    disk[at] = 0xff;
    disk[199 * 512 + 60] = 0xff;
    const table = await readDisk(disk);
    assert.deepEqual([table.kind, table.partitions], ["gpt", []]);
    assert.deepEqual(
      table.problems.map(({ code }) => code),
      ["gpt-damaged"],
    );
  });
}

test("a GPT without its backup is used, and noted", async () => {
  const disk = Buffer.concat([sound(), Buffer.alloc(512 * 20)]);
  const table = await readDisk(disk);
  assert.equal(table.partitions.length, 1);
  assert.deepEqual(
    table.problems.map(({ code, severity }) => [code, severity]),
    [["gpt-backup-damaged", "notes"]],
  );
});

test("a hybrid MBR is noted, and the GPT used", async () => {
  const disk = gptDisk({
    sectors: 200,
    entries: [{ first: 40, last: 59 }],
    mbr: [
      { type: 0xee, start: 1, sectors: 39 },
      { flag: 0x80, type: 0x83, start: 40, sectors: 20 },
    ],
  });
  const table = await readDisk(disk);
  assert.equal(table.kind, "gpt");
  assert.deepEqual(
    table.problems.map(({ code }) => code),
    ["mbr-hybrid"],
  );
});

test("a GPT beside an MBR that does not protect it is ignored, as Linux does", async () => {
  const disk = gptDisk({
    sectors: 200,
    entries: [{ first: 40, last: 59 }],
    mbr: [{ type: 0x83, start: 70, sectors: 9 }],
  });
  const table = await readDisk(disk);
  assert.deepEqual([table.kind, brief(table)], ["mbr", [[1, 70, 79, "83"]]]);
  assert.deepEqual(
    table.problems.map(({ code }) => code),
    ["gpt-not-protected"],
  );
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

test("a GPT entry without a valid place is ignored and told", async () => {
  const table = await readDisk(
    gptDisk({
      sectors: 200,
      entries: [
        { first: 60, last: 50 },
        { first: 70, last: 80 },
      ],
    }),
  );
  assert.deepEqual(
    brief(table).map(([number]) => number),
    [2],
  );
  assert.deepEqual(
    table.problems.map(({ code }) => code),
    ["gpt-entry-invalid"],
  );
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
