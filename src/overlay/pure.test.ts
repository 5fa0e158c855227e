// SPDX-License-Identifier: Apache-2.0
// The decisions of the overlay: block nodes, touched ranges, states, mount options, what the kernel's account means.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { SourceDisk } from "../core/index.ts";
import { chainOf } from "./chain.ts";
import { lastWords } from "./check-volume.ts";
import { deviceVerdict, findWarnings, parseBlockStat } from "../proof/counters.ts";
import { fileVerdict } from "../proof/file-identity.ts";
import { extNeeds, parseExtSuperblock, xfsHasDirtyLog } from "./filesystem-state.ts";
import { parseLoopNotes, parseLoops, renderLoopNote } from "../system/loop-list.ts";
import { inOrderOfDepth } from "./mount-guest.ts";
import { mountOptions } from "./mount-options.ts";
import { frameRanges, grown } from "../proof/ranges.ts";
import { SegmentLog } from "../proof/segment-log.ts";
import { opensForWriting } from "../proof/source-claim.ts";
import { parseMap } from "./touched.ts";
import { renderTable } from "../system/index.ts";
import { composedChain, renderDescriptor } from "./volumes/composed.ts";
import { placesOf } from "./volumes/volume-place.ts";

const MIB = 2 ** 20;
const disk: SourceDisk = { number: 1, path: "/x.img", kind: "file", sizeBytes: 100 * MIB, sectorBytes: 512 };

test("every node below the writable layer is read-only, and discards are refused above it", () => {
  const { nodes, top } = chainOf(disk, [
    { storePath: "/a", writable: false },
    { storePath: "/b", writable: true },
  ]);
  const writable = nodes.filter((node) => node["read-only"] === false).map((node) => node["node-name"]);
  assert.deepEqual(writable, ["layer-1-file", "layer-1"]);
  assert.equal(nodes.find((node) => node["node-name"] === "layer-1")?.["backing"], "layer-0");
  assert.equal(nodes.find((node) => node["node-name"] === "layer-0")?.["backing"], "source");
  assert.equal(nodes.find((node) => node["node-name"] === top)?.["driver"], "blkdebug");
  const device = chainOf({ ...disk, kind: "device" }, []);
  assert.deepEqual([device.nodes[0]?.["driver"], device.top], ["host_device", "source"]);
  assert.ok(device.nodes.every((node) => node["read-only"] === true));
});

test("parseMap() takes what is present, zeros too, and clips to the disk", () => {
  const map = [
    { start: 0, length: 65_536, depth: 0, present: true, zero: false, data: true, offset: 327_680 },
    { start: 65_536, length: 65_536, depth: 0, present: true, zero: true, data: false },
    { start: 131_072, length: 65_536, depth: 0, present: false, zero: true, data: false },
    { start: 196_608, length: 65_536, depth: 0, present: true, zero: false, data: true, offset: 1 },
  ];
  assert.deepEqual(parseMap(JSON.stringify(map), 200_000), [
    { start: 0, end: 131_072 },
    { start: 196_608, end: 200_000 },
  ]);
  assert.throws(
    () => parseMap(JSON.stringify([{ start: 0, length: 1, data: true }]), 1),
    /does not list what is present/,
  );
  assert.throws(() => parseMap("{}", 1), /does not list/);
});

test("an ext superblock tells what the next boot would do", () => {
  const volume = (fields: {
    journal?: boolean;
    recover?: boolean;
    state?: number;
    orphan?: number;
  }): Uint8Array => {
    const bytes = Buffer.alloc(4096);
    bytes.writeUInt16LE(0xef53, 1024 + 0x38);
    bytes.writeUInt16LE(fields.state ?? 1, 1024 + 0x3a);
    bytes.writeUInt32LE(fields.journal === true ? 4 : 0, 1024 + 0x5c);
    bytes.writeUInt32LE(fields.recover === true ? 0x2c6 : 0x2c2, 1024 + 0x60);
    bytes.writeUInt32LE(fields.orphan ?? 0, 1024 + 0xe8);
    return bytes;
  };
  const needs = (fields: Parameters<typeof volume>[0]): string => {
    const superblock = parseExtSuperblock(volume(fields));
    assert.ok(superblock !== null);
    return extNeeds(superblock);
  };
  assert.equal(needs({ journal: true }), "nothing");
  assert.equal(needs({ journal: true, recover: true }), "replay");
  assert.equal(needs({ journal: true, orphan: 12 }), "replay");
  assert.equal(needs({ state: 0 }), "preen");
  assert.equal(needs({ state: 3 }), "preen");
  assert.equal(parseExtSuperblock(Buffer.alloc(4096)), null);
  assert.equal(parseExtSuperblock(Buffer.alloc(100)), null);
});

test("xfs_repair's warning is found across its line break", () => {
  const alert = "ALERT: The filesystem has valuable metadata\nchanges in a log which is being\nignored";
  assert.equal(xfsHasDirtyLog(alert), true);
  assert.equal(xfsHasDirtyLog("Phase 2 - using internal log"), false);
});

test("lastWords() keeps the complaint, not the passes, and no control character of a file name", () => {
  const output =
    "e2fsck 1.47.0 (5-Feb-2023)\nPass 1: Checking inodes\nEntry 'a\u001b[2Jb' is wrong\n\nFix? no\n";
  assert.equal(lastWords(output, 8), "Entry 'a?[2Jb' is wrong | Fix? no");
  assert.equal(lastWords(output, 1), "Fix? no");
});

test("mountOptions() passes what selects files, and nothing that harms this machine", () => {
  const hostile =
    "defaults,suid,dev,subvol=@root,compress=zstd:3,errors=panic,subvol=a b,user_subvol_rm_allowed,loop,x-mount.mkdir";
  assert.deepEqual(mountOptions("btrfs", hostile, { readOnly: false }), [
    "rw",
    "noatime",
    "subvol=@root",
    "compress=zstd:3",
  ]);
  assert.deepEqual(mountOptions("ext4", hostile, { readOnly: true }), ["ro", "noatime", "errors=remount-ro"]);
  assert.deepEqual(mountOptions("vfat", "umask=0777,uid=5", { readOnly: false }), [
    "rw",
    "noatime",
    "umask=0022",
  ]);
  assert.deepEqual(mountOptions("xfs", "logdev=/dev/sda", { readOnly: false }), ["rw", "noatime", "nouuid"]);
});

test("inOrderOfDepth() mounts parents first and leaves out the root", () => {
  const mount = (path: string) => ({ path, node: "n", type: "ext4", options: "" });
  const paths = inOrderOfDepth(["/boot/efi", "/", "/var/lib/x", "/boot", "//var/"].map(mount)).map(
    ({ path }) => path,
  );
  assert.deepEqual(paths, ["/boot", "//var/", "/boot/efi", "/var/lib/x"]);
});

test("placesOf() gives no device beyond the disk, off its sectors, or on a disk that is not here", () => {
  const at = (start: number, length: number, sectorBytes: 512 | 4096 = 512, path = disk.path) => {
    const common = { path, sectorBytes };
    const top = { id: "p", ...common, sizeBytes: length, holds: { kind: "opaque", why: "" } } as const;
    const holds = { kind: "disk", serial: null, model: "", table: "none" } as const;
    const graph = {
      nodes: [top, { id: "d", ...common, sizeBytes: 10 ** 12, holds }],
      edges: [{ from: "p", to: "d", map: [{ from: 0, to: start, length }] }],
    };
    const place = placesOf("p", graph, [{ disk: { ...disk, sectorBytes }, path: "/view" }]);
    return "unavailable" in place ? place.unavailable : place.flat().map(({ start, end }) => [start, end])[0];
  };
  assert.deepEqual(at(MIB, MIB), [MIB, 2 * MIB]);
  assert.match(String(at(99 * MIB, 2 * MIB)), /the disk ends at/);
  assert.match(String(at(512, MIB, 4096)), /sector/);
  assert.match(String(at(MIB, MIB, 512, "/other")), /not among the disks/);
});

test("a volume in pieces is one table of device-mapper, or one descriptor of QEMU", () => {
  const targets = [
    { sectors: 8, table: "linear /dev/mapper/a 100" },
    { sectors: 16, table: "linear /dev/mapper/b 0" },
  ];
  assert.equal(renderTable(targets), "0 8 linear /dev/mapper/a 100\n8 16 linear /dev/mapper/b 0\n");
  const text = renderDescriptor([
    { path: "/dev/loop1", sizeBytes: MIB },
    { path: "/dev/loop2", sizeBytes: 512 },
  ]);
  assert.match(text, /\nRW 2048 FLAT "\/dev\/loop1" 0\nRW 1 FLAT "\/dev\/loop2" 0\n/);
  assert.throws(() => renderDescriptor([{ path: '/a"b', sizeBytes: 512 }]), /cannot be named/);
  const { nodes, top } = composedChain("/d", { writable: false });
  assert.ok(nodes.every((node) => node["read-only"] === true) && top === "pieces");
  assert.equal(composedChain("/d", { writable: true }).top, "no-discard");
});

test("loop devices are read from losetup's JSON, and notes survive a line cut short", () => {
  const json =
    '{"loopdevices":[{"name":"/dev/loop0","back-file":"/tmp/a (deleted)","offset":512,"ro":true,"back-ino":7,"back-maj:min":"0:40"}]}';
  const expected = {
    path: "/dev/loop0",
    backingFile: "/tmp/a",
    offset: 512,
    backingId: "0:40/7",
    readOnly: true,
  };
  assert.deepEqual(parseLoops(json), [expected]);
  assert.deepEqual(parseLoops(""), []);
  const { path, offset, backingId } = expected;
  const note = { path, offset, backingId };
  assert.deepEqual(parseLoopNotes(`${renderLoopNote(note)}{"path":"/dev/lo`), [note]);
});

test("opensForWriting() reads the access mode of fdinfo", () => {
  assert.equal(opensForWriting("pos:\t0\nflags:\t0100000\nmnt_id:\t1\n"), false);
  assert.equal(opensForWriting("pos:\t0\nflags:\t0100002\nmnt_id:\t1\n"), true);
  assert.equal(opensForWriting("pos:\t0\nflags:\t0100001\n"), true);
  assert.equal(opensForWriting(""), false);
});

test("the kernel's account: counters that moved, lost their flag, or are not there", () => {
  const stat = "4431 11 24829 634 1657 1590 134509 474 0 476 1325 1 0 16 2 891 213";
  assert.deepEqual(parseBlockStat(stat), { sectorsWritten: 134_509n, sectorsDiscarded: 16n });
  assert.deepEqual(parseBlockStat("1 2 3 4 5 6 7 8 9 10 11"), { sectorsWritten: 7n, sectorsDiscarded: 0n });
  assert.equal(parseBlockStat(""), null);
  const counters = (sectorsWritten: bigint, sectorsDiscarded = 0n) => ({ sectorsWritten, sectorsDiscarded });
  const seen = {
    devices: [{ name: "sda" }],
    before: [counters(5n)],
    after: [counters(5n)],
    flags: [true],
    warningsBefore: new Set(["old"]),
    warnings: new Set(["old"]),
  };
  assert.match(deviceVerdict(seen).detail, /of sda did not move; no attempt to write/);
  assert.equal(deviceVerdict(seen).held, true);
  assert.match(deviceVerdict({ ...seen, warnings: null }).detail, /kernel log could not be read/);
  for (const [change, words] of [
    [{ after: [counters(9n)] }, /4 sectors of sda were written/],
    [{ after: [counters(5n, 8n)] }, /8 sectors of sda were discarded/],
    [{ after: [null] }, /no counters for sda/],
    [{ flags: [false] }, /made writable/],
    [{ warnings: new Set(["old", "new"]) }, /kernel log says: new/],
  ] as const) {
    const verdict = deviceVerdict({ ...seen, ...change });
    assert.equal(verdict.held, false);
    assert.match(verdict.detail, words);
  }
  const log =
    "[1.0] Trying to write to read-only block-device sda1\n[2.0] Trying to write to read-only block-device sdb\n";
  assert.deepEqual(
    [...findWarnings(log, ["sda", "sda1"])],
    ["[1.0] Trying to write to read-only block-device sda1"],
  );
});

test("a file's identity names what changed", () => {
  const before = { device: 1n, inode: 2n, size: 3n, "modification time": 4n, "change time": 5n };
  assert.equal(fileVerdict(before, { ...before }).held, true);
  assert.match(
    fileVerdict(before, { ...before, size: 4n, "change time": 6n }).detail,
    /size, change time changed/,
  );
  assert.equal(fileVerdict(before, null).held, false);
});

test("grown() covers whole MiB, and the frame both sides of every border", () => {
  assert.deepEqual(
    grown(
      [
        { start: MIB + 5, end: MIB + 6 },
        { start: 3 * MIB - 1, end: 3 * MIB + 1 },
      ],
      3 * MIB + 10,
    ),
    [{ start: MIB, end: 3 * MIB + 10 }],
  );
  const common = { path: disk.path, sectorBytes: 512 };
  const graph = {
    nodes: [
      {
        id: "d",
        ...common,
        sizeBytes: disk.sizeBytes,
        holds: { kind: "disk", serial: null, model: "", table: "mbr" },
      },
      {
        id: "p",
        ...common,
        sizeBytes: 50 * MIB,
        holds: { kind: "partition", number: 1, type: "83", uuid: null, bootable: false },
      },
    ],
    edges: [{ from: "p", to: "d", map: [{ from: 0, to: 10 * MIB, length: 50 * MIB }] }],
  } as const;
  assert.deepEqual(frameRanges(disk, graph), [
    { start: 0, end: MIB },
    { start: 9 * MIB, end: 11 * MIB },
    { start: 59 * MIB, end: 61 * MIB },
    { start: 99 * MIB, end: 100 * MIB },
  ]);
  assert.deepEqual(frameRanges({ ...disk, sizeBytes: 1000 }, undefined), [{ start: 0, end: 1000 }]);
});

test("SegmentLog gives back what was added, and the order of the disk", () => {
  const log = new SegmentLog();
  const hash = (n: number): Buffer => createHash("sha256").update(`${n}`).digest();
  const count = 5000;
  for (let n = count - 1; n >= 0; n -= 1) {
    const [start, end] = [n * 100, n * 100 + 100];
    const data =
      n % 3 === 0
        ? [{ start, end }]
        : [
            { start: start + 1, end: start + 2 },
            { start: start + 9, end },
          ];
    log.add({ start, end, data, sha256: hash(n) });
  }
  assert.equal(log.length, count);
  const order = log.inDiskOrder();
  for (const n of [0, 1, 2, 1234, count - 1]) {
    const entry = log.at(order[n] ?? -1);
    assert.equal(entry.start, n * 100);
    assert.equal(entry.data.length, n % 3 === 0 ? 1 : 2);
    assert.ok(hash(n).equals(entry.sha256));
  }
  assert.throws(() => log.at(count), RangeError);
  assert.throws(() => log.add({ start: 0, end: 1, data: [], sha256: new Uint8Array(3) }), RangeError);
});
