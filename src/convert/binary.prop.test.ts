// SPDX-License-Identifier: Apache-2.0
// Binary formats of a guest: initramfs, unified kernels, boot menus of UEFI, packages, indexes of modules. Any bytes, and
// any damage of sound ones, give a RangeError at most, soon.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { cpioOf } from "../../tests/support/cpio.ts";
import { check } from "../../tests/support/laws.ts";
import { parseRpm } from "./drivers/rpm-header.ts";
import { contentsOf, listedFiles, relations } from "./drivers/package.ts";
import { firstInCsv } from "./efi/loaders.ts";
import { unifiedCmdline } from "./efi/uki.ts";
import { zstdLength } from "./initramfs/part-length.ts";
import { findLoading } from "./initramfs/loading.ts";
import { parseModules } from "./initramfs/modules.ts";
import { readInitramfs } from "./initramfs/read.ts";

const cpio = cpioOf({
  init: "#!/bin/sh\n",
  "conf/modules": "ahci\n",
  "lib/modules/6.1/modules.dep": "a.ko: b.ko\n",
});
const zstd = zstdCompressSync(cpio);

/** A section `.cmdline` of a PE file (PE format, 2.1 and 4). */
function unified(): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("MZ", 0, "latin1");
  bytes.writeUInt32LE(64, 0x3c);
  bytes.write("PE\0\0", 64, "latin1");
  bytes.writeUInt16LE(2, 70);
  bytes.write(".cmdline", 88, "latin1");
  bytes.writeUInt32LE(16, 96);
  bytes.writeUInt32LE(16, 104);
  bytes.writeUInt32LE(256, 108);
  bytes.write("root=/dev/sda1  ", 256, "latin1");
  return bytes;
}

/** Lead, signature and header of an .rpm with one entry (rpm's format.md). */
function rpm(): Buffer {
  const header = Buffer.from("8eade801000000000000000100000008000003e8000000060000000000000001", "hex");
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  const empty = Buffer.from("8eade801000000000000000000000000", "hex");
  return Buffer.concat([lead, empty, header, Buffer.from("kmod-x\0\0")]);
}

const SOUND: Readonly<Record<string, Buffer>> = {
  cpio,
  gzip: gzipSync(cpio),
  zstd,
  two: Buffer.concat([cpio, Buffer.alloc(4), gzipSync(cpio)]),
  unified: unified(),
  rpm: rpm(),
  csv: Buffer.from("shimx64.efi,debian,,x\n", "utf16le"),
  dep: Buffer.from("kernel/a.ko.xz: kernel/b.ko kernel/c.ko\nkernel/b.ko:\n"),
};

const hostile: fc.Arbitrary<Buffer> = fc.constantFrom(...Object.keys(SOUND)).chain((name) => {
  const sound = SOUND[name] ?? Buffer.alloc(0);
  const value = fc.oneof(fc.constantFrom(0, 1, 0x30, 0x66, 0x7f, 0x80, 0xff), fc.nat(255));
  const change = fc.record({ at: fc.nat(sound.length), value, length: fc.integer({ min: 1, max: 8 }) });
  const changed = fc.array(change, { maxLength: 6 }).map((changes) => {
    const bytes = Buffer.from(sound);
    for (const { at, value: put, length } of changes)
      bytes.fill(put, at, Math.min(bytes.length, at + length));
    return bytes;
  });
  const cut = fc.nat(sound.length).map((end) => sound.subarray(0, end));
  return fc.oneof(
    changed,
    changed,
    cut,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
});

const PARSERS: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  unifiedCmdline,
  firstInCsv,
  parseRpm,
  zstdLength,
  parseModules: (bytes) => {
    const modules = parseModules(bytes.toString("utf8"), bytes.toString("latin1"));
    return modules.place("virtio_blk");
  },
  package: (bytes) => {
    const text = bytes.toString("latin1");
    return [relations(text), contentsOf(listedFiles(text)), contentsOf(text.split("\n"))];
  },
};

function onlyRange(error: unknown): void {
  if (!(error instanceof RangeError)) throw error;
}

for (const [name, parse] of Object.entries(PARSERS))
  test(`${name}: any bytes give a RangeError at most`, (t) =>
    check(
      t,
      fc.property(hostile, (bytes) => {
        try {
          parse(bytes);
        } catch (error) {
          onlyRange(error);
        }
      }),
    ));

test("readInitramfs() and findLoading(): any bytes give a RangeError at most", (t) =>
  check(
    t,
    fc.asyncProperty(hostile, async (bytes) => {
      try {
        const { entries } = await readInitramfs(bytes);
        assert.notEqual(findLoading(entries, ["virtio_blk"]), undefined);
      } catch (error) {
        onlyRange(error);
      }
    }),
    { runs: 200 },
  ));

test("the samples themselves are understood", async () => {
  assert.equal(unifiedCmdline(unified())?.trimEnd(), "root=/dev/sda1");
  assert.equal(firstInCsv(SOUND["csv"] ?? cpio), "shimx64.efi");
  assert.equal(zstdLength(zstd), zstd.length);
  parseRpm(rpm());
  for (const name of ["cpio", "gzip", "zstd", "two"])
    assert.equal((await readInitramfs(SOUND[name] ?? cpio)).entries.has("init"), true, name);
});
