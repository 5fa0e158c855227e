// SPDX-License-Identifier: Apache-2.0
// GPTs made by hand, sound and damaged: what Linux would see, and what a person is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gptDisk } from "../../../../tests/support/disks/tables.ts";
import { brief, readDisk } from "../../../../tests/support/disks/read-tables.ts";

const KIB = 1024;

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
