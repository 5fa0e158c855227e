// SPDX-License-Identifier: Apache-2.0
// Superblocks and logs of strange disks, and what tools say of them: never an error, soon, and nothing beyond the disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes, damagedText } from "../../../tests/support/hostile-bytes.ts";
import { check } from "../../../tests/support/laws.ts";
import { extImage } from "../../../tests/support/disks/volume-samples.ts";
import { parseExtSuper } from "./ext-super.ts";
import { parseIcheck, parseNcheck } from "./files-at.ts";
import { checksum1, parseSuper090, readMdSuperblock } from "./md/superblock.ts";
import { parseBlkid } from "./probe.ts";
import { bytesReader } from "./reader.ts";
import { findImageFormat } from "./source.ts";
import { isLogClean } from "../used/xfs-log.ts";

const { signal } = new AbortController();

/** Version 1.2 of two members (md.rst of the kernel; include/uapi/linux/raid/md_p.h), at 4 KiB. */
function mdSuper(): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa92b4efc, true);
  view.setUint32(4, 1, true);
  bytes.fill(7, 16, 32);
  bytes.set(Buffer.from("host:root"), 32);
  view.setInt32(72, 1, true);
  view.setBigUint64(80, 64n, true);
  view.setUint32(92, 2, true);
  view.setBigUint64(128, 16n, true);
  view.setBigUint64(136, 64n, true);
  view.setBigUint64(144, 8n, true);
  view.setBigUint64(208, 2n ** 64n - 1n, true);
  view.setUint32(220, 2, true);
  view.setUint16(258, 1, true);
  return bytes;
}

/** On a disk of 64 KiB, with a checksum that is right whatever was damaged. */
function mdDisk(superblock: Uint8Array): Uint8Array {
  const disk = new Uint8Array(128 * 1024);
  disk.set(superblock.subarray(0, 4096), 4096);
  const view = new DataView(disk.buffer, 4096, 4096);
  const roles = view.getUint32(220, true);
  if (256 + 2 * roles <= 4096)
    view.setUint32(216, checksum1(disk.subarray(4096, 4096 + 256 + 2 * roles)), true);
  return disk;
}

test("md superblocks: data lie on the member, whatever they say", (t) =>
  check(
    t,
    fc.asyncProperty(damagedBytes(mdSuper()), async (bytes) => {
      const disk = mdDisk(bytes);
      const found = await readMdSuperblock(bytesReader(disk));
      if (found === null) return;
      const { start, sizeBytes } = found.member.data;
      assert.ok(start >= 0 && sizeBytes > 0 && start + sizeBytes <= disk.length);
    }),
  ));

test("the md superblock itself is understood", async () => {
  assert.equal((await readMdSuperblock(bytesReader(mdDisk(mdSuper()))))?.member.name, "root");
});

const ext = extImage().bytes;

test("ext superblocks: numbers that fit the disk, or words", (t) =>
  check(
    t,
    fc.property(damagedBytes(Uint8Array.from(ext.subarray(1024, 2048))), (bytes) => {
      const whole = new Uint8Array(1024);
      whole.set(bytes.subarray(0, 1024));
      const found = parseExtSuper(whole, ext.length);
      if (typeof found !== "string") assert.ok(found.blockBytes >= 1024 && found.blocksPerGroup > 0);
    }),
  ));

test("a log of XFS is clean or not, and that is known soon", (t) =>
  check(
    t,
    fc.asyncProperty(damagedBytes(Buffer.alloc(16 * 512, "feedbabe00000001", "hex")), async (bytes) => {
      const log = { start: 0, sizeBytes: Math.floor(bytes.length / 512) * 512 };
      assert.equal(typeof (await isLogClean(bytesReader(bytes), log, signal)), "boolean");
    }),
    { runs: 150 },
  ));

const WORDS: Readonly<Record<string, readonly [(text: string) => unknown, ...string[]]>> = {
  blkid: [parseBlkid, "ID_FS_TYPE=ext4\nID_FS_UUID=3f1c\nID_FS_LABEL=a\nID_FS_USAGE=filesystem\n"],
  icheck: [parseIcheck, "Block\tInode number\n1000\t12\n1001\t<block not found>\n"],
  ncheck: [parseNcheck, "Inode\tPathname\n12\t/etc/fstab\n13\t//a b\n"],
};

for (const [name, [parse, ...sound]] of Object.entries(WORDS))
  test(`${name}: no words make it throw`, (t) =>
    check(
      t,
      fc.property(damagedText(...sound), (text) => {
        parse(text);
      }),
    ));

test("formats of images, old md superblocks: any bytes", (t) =>
  check(
    t,
    fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
      findImageFormat(bytes);
      const whole = new Uint8Array(4096);
      whole.set(bytes);
      new DataView(whole.buffer).setUint32(0, 0xa92b4efc, true);
      new DataView(whole.buffer).setUint32(8, 90, true);
      parseSuper090(whole);
    }),
    { runs: 100 },
  ));
