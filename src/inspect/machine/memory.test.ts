// SPDX-License-Identifier: Apache-2.0
// Which of several counts of memory is believed; SMBIOS tables, whole and hostile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseMemory, parseMemTotal } from "./memory.ts";
import { parseSmbios } from "./smbios.ts";

const GIB = 2 ** 30;

/** A memory device structure with two strings behind it. */
function memoryDevice({
  size,
  extended = 0,
  type = 0x1a,
}: {
  size: number;
  extended?: number;
  type?: number;
}): Buffer {
  const body = Buffer.alloc(0x28);
  body.set([17, body.length]);
  body.writeUInt16LE(size, 0x0c);
  body.writeUInt8(type, 0x12);
  body.writeUInt32LE(extended, 0x1c);
  return Buffer.concat([body, Buffer.from("DIMM A1\0Samsung\0\0")]);
}

const bios = Buffer.concat([Buffer.from([0, 6, 0, 0, 1, 2]), Buffer.from("Dell\x002.8\0\0")]);
const end = Buffer.from([127, 4, 0, 0, 0, 0]);

test("parseSmbios() sums the modules: MiB, KiB, large ones, empty slots", () => {
  const table = Buffer.concat([
    bios,
    memoryDevice({ size: 16_384 }),
    memoryDevice({ size: 0 }),
    memoryDevice({ size: 0x8000 | 512 }),
    memoryDevice({ size: 0x7fff, extended: 65_536 }),
    memoryDevice({ size: 16, type: 0x09 }),
    end,
    memoryDevice({ size: 1024 }),
  ]);
  assert.equal(parseSmbios(table).memoryBytes, 16 * GIB + 512 * 1024 + 64 * GIB);
});

test("parseSmbios() says nothing where a module does not", () => {
  assert.equal(parseSmbios(Buffer.concat([memoryDevice({ size: 0xffff }), end])).memoryBytes, null);
  assert.equal(parseSmbios(bios).memoryBytes, null);
  assert.equal(parseSmbios(new Uint8Array(0)).memoryBytes, null);
});

test("parseSmbios() comes to an end on a table that breaks off", () => {
  const table = memoryDevice({ size: 1024 });
  for (let length = 0; length < table.length; length += 1) {
    const { memoryBytes } = parseSmbios(table.subarray(0, length));
    assert.ok(memoryBytes === null || memoryBytes === GIB, `${length}`);
  }
});

test("chooseMemory() believes what is a little above the kernel's count", () => {
  const kernelBytes = 31.1 * GIB;
  const choose = (blockBytes: number | null, moduleBytes: number | null) =>
    chooseMemory({ kernelBytes, blockBytes, moduleBytes });
  assert.equal(choose(34 * GIB, 32 * GIB), 32 * GIB, "modules first");
  assert.equal(choose(32 * GIB, null), 32 * GIB);
  assert.equal(choose(64 * GIB, 16 * GIB), kernelBytes, "both implausible");
  assert.equal(chooseMemory({ kernelBytes: null, blockBytes: null, moduleBytes: null }), null);
});

test("parseMemTotal() reads KiB and refuses 0 and garbage", () => {
  assert.equal(parseMemTotal("MemTotal:       24684084 kB\nMemFree: 5 kB\n"), 24_684_084 * 1024);
  for (const garbage of [
    "",
    "MemTotal: 0 kB",
    "MemTotal: -5 kB",
    "MemTotal: 99999999999999999 kB",
    "MemTotal: x",
  ])
    assert.equal(parseMemTotal(garbage), null, garbage);
});
