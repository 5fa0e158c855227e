// SPDX-License-Identifier: Apache-2.0
// Random and mutated disks: a parser may say what is wrong, but never fails otherwise, reads without end or loops.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertLinear, filled } from "../../../tests/support/growth.ts";
import { check } from "../../../tests/support/laws.ts";
import { gptDisk, mbrSector } from "../../../tests/support/disks/tables.ts";
import { UserError } from "../../core/index.ts";
import { readBtrfsFree } from "./free-btrfs.ts";
import { readExtFree } from "./free-ext.ts";
import { readFatFree } from "./free-fat.ts";
import { parseDomainLog } from "./free-partclone.ts";
import { readXfsFree } from "./free-xfs.ts";
import { readPv } from "../storage/lvm/pv.ts";
import { LvmTextError, parseLvmText } from "../storage/lvm/text.ts";
import { parseVolumeGroup } from "../storage/lvm/vg.ts";
import { bytesReader, type Reader } from "../storage/reader.ts";
import { readTable } from "../storage/table/table.ts";
import {
  btrfsImage,
  extImage,
  fatImage,
  vgText,
  xfsImage,
} from "../../../tests/support/disks/volume-samples.ts";

const { signal } = new AbortController();

/** Counts reads: a hostile disk must not make us read for ever. */
function counting(bytes: Uint8Array, most: number): Reader {
  const reader = bytesReader(bytes);
  let reads = 0;
  return {
    sizeBytes: reader.sizeBytes,
    read: (offset, scale) => {
      reads += 1;
      assert.ok(reads <= most, `more than ${most} reads`);
      return reader.read(offset, scale);
    },
  };
}

type Change = { readonly at: number; readonly value: number; readonly length: number };

/** Some bytes replaced, often by the values that break arithmetic. */
function changesWithin(length: number): fc.Arbitrary<readonly Change[]> {
  const value = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  const change = fc.record({ at: fc.nat(length - 1), value, length: fc.integer({ min: 1, max: 8 }) });
  return fc.array(change, { minLength: 1, maxLength: 6 });
}

function applyTo(bytes: Uint8Array, changes: readonly Change[], from = 0): Uint8Array {
  for (const { at, value, length } of changes) bytes.fill(value, from + at, from + at + length);
  return bytes;
}

const mutated = (sound: Uint8Array, within: number): fc.Arbitrary<Uint8Array> =>
  changesWithin(within).map((changes) => applyTo(new Uint8Array(sound), changes));

async function onlyUserErrors(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

const extended = Buffer.alloc(40 * 512);
mbrSector([
  { type: 0x83, start: 1, sectors: 5 },
  { type: 5, start: 10, sectors: 30 },
]).copy(extended);
for (const at of [10, 20, 30])
  mbrSector([
    { type: 0x83, start: 1, sectors: 3 },
    { type: 5, start: at, sectors: 9 },
  ]).copy(extended, at * 512);

for (const [name, sound, within] of [
  ["an MBR with logical partitions", extended, 31 * 512],
  ["a GPT", gptDisk({ sectors: 100, entries: [{ first: 40, last: 59 }] }), 3 * 512],
  ["noise", Buffer.alloc(4096), 4096],
] as const)
  test(`${name}, mutated, is read to an end`, (t) =>
    check(
      t,
      fc.asyncProperty(mutated(sound, within), fc.constantFrom(512, 4096), async (bytes, sectorBytes) => {
        await onlyUserErrors(() => readTable(counting(bytes, 1100), { sectorBytes, title: "disk.img" }));
      }),
      { runs: 1500 },
    ));

test("an MBR whose bytes are all random is read to an end", (t) =>
  check(
    t,
    fc.asyncProperty(fc.uint8Array({ minLength: 512, maxLength: 4096 }), async (bytes) => {
      bytes.set([0x55, 0xaa], 510);
      for (const at of [446, 462, 478, 494]) bytes[at] = 0;
      await onlyUserErrors(() => readTable(counting(bytes, 1100), { sectorBytes: 512, title: "disk.img" }));
    }),
  ));

for (const [name, image, from, within, read] of [
  ["ext4", extImage, 0, 4096, readExtFree],
  ["XFS", xfsImage, 0, 65_536, readXfsFree],
  ["FAT", fatImage, 0, 2048, readFatFree],
  ["btrfs (its superblock)", btrfsImage, 65_536, 1024, readBtrfsFree],
  ["btrfs (its tree)", btrfsImage, 2 ** 20, 1600, readBtrfsFree],
] as const)
  test(`the free space of a mutated ${name} lies inside it, or is unknown`, async (t) => {
    const { bytes, freeBytes } = image();
    const free = await read(bytesReader(bytes), { signal });
    assert.ok(free.kind === "free", free.kind === "unknown" ? free.why : "");
    assert.equal(
      free.ranges.reduce((sum, range) => sum + range.end - range.start, 0),
      freeBytes,
    );
    // An image of many MiB is not copied for each run: its changed part is put right again.
    const changed = new Uint8Array(bytes);
    const sound = bytes.slice(from, from + within + 8);
    await check(
      t,
      fc.asyncProperty(changesWithin(within), async (changes) => {
        changed.set(sound, from);
        applyTo(changed, changes, from);
        const found = await read(counting(changed, 50_000), { signal });
        if (found.kind === "unknown") return;
        let at = 0;
        for (const { start, end } of found.ranges) {
          assert.ok(start >= at && end > start && end <= changed.length);
          at = end;
        }
      }),
      { runs: 400 },
    );
  });

test("a cut-off volume of each kind is unknown, never an error", (t) => {
  const volumes = [
    [extImage().bytes, readExtFree],
    [xfsImage().bytes, readXfsFree],
    [fatImage().bytes, readFatFree],
    [btrfsImage().bytes, readBtrfsFree],
  ] as const;
  return check(
    t,
    fc.asyncProperty(fc.nat(65_535), async (length) => {
      for (const [bytes, read] of volumes) {
        const found = await read(bytesReader(bytes.subarray(0, length)), { signal });
        assert.equal(found.kind, "unknown");
      }
    }),
    { runs: 50 },
  );
});

test("LVM text, mutated, is a volume group or an LvmTextError", (t) => {
  const sound = Buffer.from(vgText);
  return check(
    t,
    fc.property(mutated(sound, sound.length), fc.nat(sound.length), (bytes, length) => {
      for (const text of [Buffer.from(bytes).toString("latin1"), vgText.slice(0, length)])
        try {
          for (const pv of parseVolumeGroup(text).pvs) {
            let at = 0;
            for (const taken of pv.taken) {
              assert.ok(taken.start >= at);
              at = taken.end;
            }
          }
        } catch (error) {
          assert.ok(error instanceof LvmTextError, String(error));
        }
    }),
    { runs: 1000 },
  );
});

test("hostile LVM texts end soon", async () => {
  const texts: Readonly<Record<string, (scale: 1 | 4) => string>> = {
    nested: (scale) => filled("a{", scale),
    list: (scale) => `a=[${filled("1,", scale)}]`,
    names: (scale) => filled("a=1 ", scale),
    blank: (scale) => filled(" ", scale),
    comments: (scale) => filled("#\n", scale),
    text: (scale) => `a="${filled("\\", scale)}`,
    word: (scale) => filled("a", scale),
  };
  for (const [name, text] of Object.entries(texts))
    await assertLinear(name, (scale) => {
      try {
        parseLvmText(text(scale));
      } catch (error) {
        assert.ok(error instanceof LvmTextError, `${name}: ${String(error)}`);
      }
    });
});

test("an LVM text of too many items is refused", () => {
  assert.throws(() => parseLvmText(`a=[${"1,".repeat(1_000_001)}]`), LvmTextError);
});

test("volumes that are made of each other end, and take nothing twice", () => {
  const lv = (name: string, of: string) =>
    `${name} { id = "${name}" status = ["VISIBLE"] segment1 { start_extent = 0 extent_count = 4 type = "striped" stripe_count = 1 stripes = ["${of}", 0] } }`;
  const text = `vg { id = "v" seqno = 1 extent_size = 8192
    physical_volumes { pv0 { id = "p" pe_start = 2048 pe_count = 10 } }
    logical_volumes { ${lv("a", "b")} ${lv("b", "a")} ${lv("c", "pv0")} } }`;
  const group = parseVolumeGroup(text);
  assert.deepEqual(
    group.volumes.map(({ name, pieces, needed }) => [name, "why" in pieces, needed]),
    [
      ["a", true, true],
      ["b", true, true],
      ["c", false, false],
    ],
  );
});

test("an LVM label of random bytes is read to an end", (t) =>
  check(
    t,
    fc.asyncProperty(
      fc.uint8Array({ minLength: 2048, maxLength: 8192 }),
      fc.nat(3),
      async (bytes, sector) => {
        const at = 512 * sector;
        bytes.set(Buffer.from("LABELONE"), at);
        bytes.set([32, 0, 0, 0], at + 20);
        bytes.set(Buffer.from("LVM2 001"), at + 24);
        bytes.fill(0x41, at + 32, at + 64);
        const label = await readPv(counting(bytes, 100));
        assert.equal(label?.texts.length, 0);
      },
    ),
  ));

test("a domain log of random lines is a map or unknown", (t) => {
  const word = fc.oneof(
    fc.nat(2 ** 30).map((value) => `0x${value.toString(16)}`),
    fc.constantFrom("?", "+", "", "0xffffffffffffffff", "-1", "x"),
  );
  const line = fc.array(word, { maxLength: 4 }).map((words) => words.join("  "));
  return check(
    t,
    fc.asyncProperty(fc.array(line), async (lines) => {
      const found = await parseDomainLog(["# map", "0x10 ?", ...lines], 2 ** 30);
      if (found.kind === "free") for (const { end } of found.ranges) assert.ok(end <= 2 ** 30 - 65_536);
    }),
  );
});
