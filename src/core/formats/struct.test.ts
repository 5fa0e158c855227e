// SPDX-License-Identifier: Apache-2.0
// Structures are read and written by the names of their fields, wherever they begin, and never beyond their bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { guidBytes, guidField } from "./guid.ts";
import { be, dataView, le, struct } from "./struct.ts";

const SAMPLE = struct({
  flag: le.u8(0),
  kind: le.u16(2),
  sizeBytes: le.count64(4),
  name: le.text(12, 4),
  order: be.u32(16),
  level: le.i32(20),
  id: guidField(24),
});

test("a struct reads what it wrote, at any place of larger bytes", () => {
  fc.assert(
    fc.property(
      fc.record({
        flag: fc.nat(255),
        kind: fc.nat(65_535),
        sizeBytes: fc.maxSafeNat(),
        name: fc.stringMatching(/^[a-z]{0,4}$/),
        order: fc.nat(2 ** 32 - 1),
        level: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        id: fc.uuid(),
      }),
      fc.nat(8),
      (values, base) => {
        const around = Buffer.alloc(SAMPLE.sizeBytes + 12, 0xaa);
        const bytes = around.subarray(2, -2);
        SAMPLE.write(bytes, values, base);
        assert.deepEqual(SAMPLE.read(bytes, base), { ...values });
        assert.deepEqual([around[0], around[1], around.at(-1)], [0xaa, 0xaa, 0xaa]);
      },
    ),
  );
});

test("a struct knows its size, byte order, and where it ends", () => {
  assert.equal(SAMPLE.sizeBytes, 40);
  const bytes = new Uint8Array(40);
  SAMPLE.write(bytes, { kind: 0x1234, order: 0x1234 });
  assert.deepEqual([bytes[2], bytes[3], bytes[18], bytes[19]], [0x34, 0x12, 0x12, 0x34]);
  assert.throws(() => SAMPLE.read(bytes, 1), RangeError);
  assert.throws(() => SAMPLE.read(bytes.subarray(0, 30)), RangeError);
  assert.throws(() => struct({ name: le.raw(0, 2) }).write(bytes, { name: new Uint8Array(3) }), RangeError);
});

test("numbers beyond what a double counts are NaN, so that every check of them fails", () => {
  const bytes = new Uint8Array(8).fill(0xff);
  assert.equal(le.count64(0).get(dataView(bytes), 0), Number.NaN);
  assert.equal(le.u64(0).get(dataView(bytes), 0), 2n ** 64n - 1n);
});

test("a GUID's first three fields are little-endian", () => {
  assert.equal(
    guidBytes("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").toString("hex"),
    "28732ac11ff8d211ba4b00a0c93ec93b",
  );
  assert.throws(() => guidBytes("c12a7328"), TypeError);
});
