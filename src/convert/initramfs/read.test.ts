// SPDX-License-Identifier: Apache-2.0
// Initramfs images as the kernel takes them: plain and compressed archives one after the other, padded; and broken ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { cpioOf } from "../../../tests/support/cpio.ts";
import { run } from "../../system/index.ts";
import { VM_DRIVERS } from "../../core/index.ts";
import { findLost, findMissing, neededModules } from "./check.ts";

import { isRelease, moduleName, parseModules } from "./modules.ts";
import { zstdLength } from "./part-length.ts";
import { CutOffError, readInitramfs } from "./read.ts";

const early = cpioOf({ "kernel/x86/microcode/GenuineIntel.bin": "microcode" });
const main = cpioOf({ "./init": "#!/bin/sh\n", "conf/conf.d/resume": "RESUME=none\n", "/etc/x": "" });
const zeros = (count: number): Buffer => Buffer.alloc(count);
const names = async (bytes: Buffer): Promise<string[]> => [...(await readInitramfs(bytes)).entries.keys()];

test("readInitramfs() reads archives one after the other, plain, gzip and zstd, padded with zeros", async () => {
  const all = ["kernel/x86/microcode/GenuineIntel.bin", "init", "conf/conf.d/resume", "etc/x"];
  assert.deepEqual(await names(Buffer.concat([early, zeros(300), main])), all);
  assert.deepEqual(await names(Buffer.concat([early, zeros(512), gzipSync(main), zeros(3)])), all);
  assert.deepEqual(await names(Buffer.concat([early, zstdCompressSync(main)])), all);
  assert.deepEqual(await names(Buffer.concat([zstdCompressSync(early), zeros(4), main])), all, "appended");
  assert.deepEqual(await names(Buffer.concat([gzipSync(early), zeros(4), main])), all, "appended to gzip");
  assert.deepEqual(
    await names(gzipSync(Buffer.concat([early, zeros(64), main]))),
    all,
    "one part of two archives",
  );
});

test("readInitramfs() takes contents of configuration, and a later archive's entry before an earlier one's", async () => {
  const later = cpioOf({ "conf/conf.d/resume": "RESUME=UUID=1\n" });
  const { entries, parts } = await readInitramfs(Buffer.concat([zstdCompressSync(main), zeros(2), later]));
  assert.equal(entries.get("conf/conf.d/resume")?.content?.toString(), "RESUME=UUID=1\n");
  assert.equal(entries.get("init")?.content?.toString(), "#!/bin/sh\n", "what starts it tells its kind");
  assert.equal(entries.get("bin/busybox")?.content ?? null, null, "programs are not kept");
  assert.deepEqual(
    parts.map((part) => part.compression),
    ["zstd", "none"],
  );
});

test("what follows a compressed archive may be of any other kind, behind zeros or none", async (t) => {
  const more = cpioOf({ "etc/extra": "x" });
  const wanted = ["init", "conf/conf.d/resume", "etc/x", "etc/extra"];
  for (const argv of PACKERS) {
    const packed = await run(argv, { input: main }).catch((error: unknown) => (error as Error).message);
    if (typeof packed === "string") {
      t.diagnostic(`${argv[0]}: ${packed}`);
      continue;
    }
    const one = packed.stdoutBytes;
    const other = (await run(argv, { input: more })).stdoutBytes;
    const gap = argv[0] === "lz4" ? 4 : 0; // its blocks end at one of no bytes
    for (const count of [gap, 512])
      for (const next of [gzipSync(more), more, other])
        assert.deepEqual(
          await names(Buffer.concat([one, zeros(count), next, zeros(4096)])),
          wanted,
          `${argv.join(" ")}, ${count} zeros`,
        );
    assert.deepEqual(await names(Buffer.concat([gzipSync(main), other])), wanted, `gzip, ${argv[0]}`);
  }
});

test("a damaged part is told in the words of its program, without how it was called", async () => {
  const packed = (await run(["xz", "-c", "--check=crc32"], { input: main })).stdoutBytes;
  packed[30] = (packed[30] ?? 0) ^ 0xff;
  await assert.rejects(
    names(packed),
    (error: Error) => /damaged: xz: /.test(error.message) && !/ulimit/.test(error.message),
  );
});

const PACKERS = [
  ["xz", "-c", "--check=crc32"],
  ["xz", "-c", "--format=lzma"],
  ["bzip2", "-c"],
  ["lz4", "-c", "-l"],
  ["lzop", "-c"],
] as const;

test("readInitramfs() reads xz, lzma, bzip2, lz4 and lzop by their programs", async (t) => {
  for (const argv of [
    ["xz", "-c", "--check=crc32"],
    ["xz", "-c", "--format=lzma"],
    ["bzip2", "-c"],
    ["lz4", "-c", "-l"],
    ["lzop", "-c"],
  ]) {
    const packed = await run(argv, { input: main }).catch((error: unknown) => (error as Error).message);
    if (typeof packed === "string") t.diagnostic(`${argv[0]}: ${packed}`);
    else
      assert.deepEqual(
        await names(Buffer.concat([packed.stdoutBytes, zeros(argv.includes("--format=lzma") ? 0 : 8)])),
        ["init", "conf/conf.d/resume", "etc/x"],
        argv[0],
      );
  }
});

test("readInitramfs() says what is wrong with what is none", async () => {
  const packed = gzipSync(main);
  const broken: readonly (readonly [Buffer, RegExp])[] = [
    [zeros(0), /empty/],
    [zeros(100), /empty/],
    [Buffer.from("#!/bin/sh\n"), /not an initramfs/],
    [main.subarray(0, 200), /cut off/],
    [packed.subarray(0, packed.length - 12), /cut off/],
    [Buffer.from(packed).fill(255, 20, 60), /damaged/],
    [zstdCompressSync(main).subarray(0, 40), /cut off/],
    [gzipSync(main.subarray(0, 200)), /cut off/],
    [Buffer.concat([main, Buffer.from("rubbish")]), /Unknown bytes/],
    [Buffer.from(main.toString("latin1").replace("070701", "070701".slice(0, 5) + "9"), "latin1"), /newc/],
  ];
  for (const [bytes, words] of broken)
    await assert.rejects(
      readInitramfs(bytes),
      (error: unknown) => error instanceof RangeError && words.test(error.message),
      String(words),
    );
});

test("readInitramfs() tells what is cut off from what is damaged, and what comes before", async (t) => {
  const random = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * at * 7919 + (at >> 3)) & 255));
  const whole = cpioOf({ init: "#!/bin/sh\n", "usr/lib/big": random });
  const PACKERS = [
    ["xz", "-c", "--check=crc32"],
    ["xz", "-c", "--format=lzma"],
    ["bzip2", "-c"],
    ["lz4", "-c", "-l"],
  ];
  const packed: Buffer[] = [gzipSync(whole), zstdCompressSync(whole)];
  for (const argv of PACKERS) {
    const made = await run(argv, { input: whole }).catch((error: unknown) => (error as Error).message);
    if (typeof made === "string") t.diagnostic(`${argv[0]}: ${made}`);
    else packed.push(Buffer.from(made.stdoutBytes));
  }
  for (const bytes of packed)
    await assert.rejects(
      readInitramfs(bytes.subarray(0, Math.floor(bytes.length / 2))),
      (error: unknown) => error instanceof CutOffError && error.isSeenByKernel,
      bytes.toString("hex", 0, 4),
    );
  await assert.rejects(
    readInitramfs(whole.subarray(0, 30_000)),
    (error: unknown) => error instanceof CutOffError && !error.isSeenByKernel && error.entries.has("init"),
  );
});

test("readInitramfs() of any bytes gives entries or a RangeError", async () => {
  const valid = Buffer.concat([early, zeros(40), gzipSync(main)]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(valid.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(valid.length),
      async (at, byte, end) => {
        const bytes = Buffer.from(valid.subarray(0, end));
        if (at < end) bytes[at] = byte;
        try {
          assert.ok((await readInitramfs(bytes)).entries instanceof Map);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("zstdLength() is the frame's length, whatever follows", () => {
  for (const size of [0, 1, 300, 70_000, 300_000]) {
    const frame = zstdCompressSync(Buffer.alloc(size, "abcdefg"));
    assert.equal(zstdLength(Buffer.concat([frame, Buffer.from("more")])), frame.length);
  }
});

const dep =
  "kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio.ko.xz\nkernel/drivers/virtio/virtio.ko.xz:\nkernel/fs/xfs/xfs.ko.xz: kernel/lib/libcrc32c.ko.xz\nkernel/lib/libcrc32c.ko.xz:\nkernel/drivers/block/xen-blkfront.ko.xz:\n";
const modules = parseModules(dep, "kernel/drivers/virtio/virtio_pci.ko\n");

test("modules are found by name, with what they need", () => {
  assert.equal(moduleName("kernel/a/xen-blkfront.ko.zst"), "xen_blkfront");
  assert.equal(modules.place("xen_blkfront"), "module");
  assert.equal(modules.place("virtio_pci"), "builtin");
  assert.equal(modules.place("virtio_net"), "absent");
  assert.deepEqual(modules.withDependencies("virtio_blk"), ["virtio", "virtio_blk"]);
  assert.deepEqual(neededModules({ modules, drivers: VM_DRIVERS, fileSystems: ["xfs"] }), [
    "virtio",
    "virtio_blk",
    "xen_blkfront",
    "libcrc32c",
    "xfs",
  ]);
  assert.equal(isRelease("6.1.0-18-amd64"), true);
  for (const bad of ["", "..", "../etc", "a/b", "-x", "a b"]) assert.equal(isRelease(bad), false, bad);
});

test("findMissing() names modules of this kernel only, and pins where udev runs", async () => {
  const wanted = {
    kernel: "6.1.0",
    modules,
    drivers: VM_DRIVERS,
    fileSystems: ["xfs"],
    opener: null,
    files: [
      { name: "lib/x.link", paths: ["lib/x.link"], content: Buffer.from("x"), when: "udev" as const },
      {
        name: "conf/resume",
        paths: ["conf/conf.d/resume"],
        content: Buffer.from("new"),
        when: "if-there" as const,
      },
    ],
  };
  const ko = (name: string, kernel = "6.1.0"): Record<string, string> => ({
    [`usr/lib/modules/${kernel}/kernel/${name}.ko`]: "ELF",
  });
  const read = async (files: Record<string, string>): Promise<readonly string[]> =>
    findMissing((await readInitramfs(cpioOf(files))).entries, wanted);
  const full = {
    ...ko("virtio"),
    ...ko("virtio_blk"),
    ...ko("xen-blkfront"),
    ...ko("libcrc32c"),
    ...ko("xfs"),
  };
  assert.deepEqual(await read(full), []);
  assert.deepEqual(await read({ ...full, "sbin/udevd": "ELF", "conf/conf.d/resume": "old" }), [
    "lib/x.link",
    "conf/resume",
  ]);
  const { [`usr/lib/modules/6.1.0/kernel/virtio.ko`]: _, ...less } = full;
  assert.deepEqual(await read({ ...less, ...ko("virtio", "5.10.0") }), ["virtio"]);
});

test("findLost() names what unlocks the root and is gone", async () => {
  const entries = async (files: Record<string, string>) => (await readInitramfs(cpioOf(files))).entries;
  const before = await entries({
    "sbin/cryptsetup": "ELF",
    "usr/sbin/lvm": "ELF",
    "cryptroot/crypttab": "root UUID=1\n",
    "bin/x": "y",
  });
  assert.deepEqual(
    findLost(
      before,
      await entries({ "usr/sbin/cryptsetup": "ELF", "sbin/lvm": "ELF", "cryptroot/crypttab": "" }),
    ),
    ["cryptroot/crypttab"],
  );
});
