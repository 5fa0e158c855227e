// SPDX-License-Identifier: Apache-2.0
// What programs and /proc print, as they printed it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contentId } from "../../core/index.ts";
import { contentHolds } from "./content.ts";
import { FreeRanges } from "../used/free.ts";
import { parseDomainLog } from "../used/free-partclone.ts";
import { parseBlkid } from "./probe.ts";
import { findImageFormat, parseBlockdev } from "./source.ts";
import { deviceNumber } from "../../system/index.ts";

test("parseBlkid() reads what a file system is, and takes the backslashes from its label", () => {
  const text =
    'DEVNAME=l.img\nLABEL=a\\ b\\"\\\\\\$x=é\nUUID=9e0dae48-8159\nVERSION=1.0\nBLOCK_SIZE=1024\nTYPE=ext4\nUSAGE=filesystem\n';
  assert.deepEqual(parseBlkid(text), {
    kind: "found",
    usage: "filesystem",
    type: "ext4",
    version: "1.0",
    uuid: "9e0dae48-8159",
    label: 'a b"\\$x=é',
  });
});

test("parseBlkid() takes a table without a type for nothing", () => {
  assert.deepEqual(parseBlkid("DEVNAME=x\nPTUUID=1\nPTTYPE=dos\n"), { kind: "nothing" });
});

const found = (type: string, usage: string) =>
  ({ kind: "found", type, usage, version: null, uuid: "u", label: null }) as const;

test("contentHolds() knows volumes by blkid's names, and what it does not know is opaque", () => {
  const kinds = (
    [
      ["xfs", "filesystem"],
      ["LVM2_member", "raid"],
      ["linux_raid_member", "raid"],
      ["crypto_LUKS", "crypto"],
      ["swap", "other"],
      ["zfs_member", "filesystem"],
      ["isw_raid_member", "raid"],
    ] as const
  ).map(([type, usage]) => contentHolds(found(type, usage), null));
  const ids = ["on/fs", "on/pv", "on/md", "on/luks", "on/swap", "on/opaque", "on/opaque"];
  assert.deepEqual(
    kinds.map((holds) => contentId("on", holds)),
    ids,
  );
});

test("contentHolds() sees that a system is hibernated", () => {
  const holds = contentHolds(found("swsuspend", "other"), null);
  assert.deepEqual(holds, { kind: "swap", uuid: "u", label: null, hibernated: true });
});

test("contentHolds() says why a partition is opaque", () => {
  const biosBoot = contentHolds({ kind: "nothing" }, "21686148-6449-6E6F-744E-656564454649");
  assert.match(biosBoot.kind === "opaque" ? biosBoot.why : "", /BIOS boot/);
  const several = contentHolds({ kind: "ambiguous" }, "83");
  assert.match(several.kind === "opaque" ? several.why : "", /several/);
  const two = contentHolds({ kind: "ambiguous", types: ["ext4", "zfs_member"] }, "83");
  assert.deepEqual(two, { kind: "opaque", why: "signatures of ext4 and zfs_member", content: "mixed" });
});

test("parseBlockdev() reads size and sector size", () => {
  assert.deepEqual(parseBlockdev("1099511627776\n4096\n"), { sizeBytes: 2 ** 40, sectorBytes: 4096 });
  for (const text of ["", "12\n", "x\n512\n", "1024\n0\n"]) assert.throws(() => parseBlockdev(text));
});

test("deviceNumber() splits a device number as the kernel does", () => {
  assert.deepEqual([0x801, 0x700, 0x10_3f_05, 0xfe_12].map(deviceNumber), ["8:1", "7:0", "63:261", "254:18"]);
});

test("findImageFormat() knows images that are not raw", () => {
  assert.equal(findImageFormat(Buffer.from("QFI\xfb\0\0\0\x03", "latin1")), "QCOW2");
  assert.equal(findImageFormat(Buffer.from([0x1f, 0x8b, 8, 0])), "gzip");
  const at = (offset: number, text: string): Buffer =>
    Buffer.concat([Buffer.alloc(offset), Buffer.from(text, "latin1"), Buffer.alloc(100)]);
  assert.equal(findImageFormat(at(64, "\x7f\x10\xda\xbe")), "VDI");
  assert.equal(findImageFormat(at(257, "ustar\x0000")), "tar");
  assert.equal(findImageFormat(at(0, "PK\x03\x04")), "zip");
  assert.equal(findImageFormat(at(1, "PK\x03\x04")), null);
  assert.equal(findImageFormat(Buffer.from([0xeb, 0x63, 0x90])), null);
});

const LOG = `# Domain logfile created by unset_name v0.3.23
# Source: e.img
# Offset: 0x00000000
# current_pos  current_status
0x04000000     ?
#      pos        size  status
0x00000000  0x00480800  +
0x00480800  0x0037FC00  ?
0x00800400  0x00040800  +
0x00840C00  0x037BF400  ?
`.split("\n");

test("parseDomainLog() gives the free ranges, and keeps the volume's tail", async () => {
  assert.deepEqual(await parseDomainLog(LOG, 0x4000000), {
    kind: "free",
    ranges: [
      { start: 0x480800, end: 0x800400 },
      { start: 0x840c00, end: 0x4000000 - 65_536 },
    ],
  });
});

test("parseDomainLog() believes no map with a gap, an overlap, beyond the volume, or of other words", async () => {
  const cases = [LOG.toSpliced(7, 1), LOG.toSpliced(7, 0, LOG[6] ?? ""), [...LOG, "rubbish"], []];
  for (const lines of cases) assert.equal((await parseDomainLog(lines, 0x4000000)).kind, "unknown");
  assert.equal((await parseDomainLog(LOG, 0x3000000)).kind, "unknown");
});

test("FreeRanges joins neighbours, drops what is below a page, and refuses disorder", () => {
  const free = new FreeRanges();
  free.add(0, 4096);
  free.add(4096, 8192);
  free.add(10_000, 10_100);
  free.add(20_000, 30_000);
  assert.deepEqual(free.ranges(), [
    { start: 0, end: 8192 },
    { start: 20_000, end: 30_000 },
  ]);
  assert.equal(free.totalBytes, 8192 + 100 + 10_000);
  assert.throws(() => free.add(25_000, 40_000), RangeError);
});

test("FreeRanges gives up the smallest ranges when there are too many, never the largest", () => {
  const free = new FreeRanges();
  for (let i = 0; i < 1_200_000; i += 1) free.add(i * 2 ** 20, i * 2 ** 20 + (i % 3 === 0 ? 65_536 : 4096));
  const ranges = free.ranges();
  assert.ok(ranges.length <= 500_000);
  assert.equal(ranges.filter((range) => range.end - range.start === 65_536).length, 400_000);
});
