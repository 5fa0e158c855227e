// SPDX-License-Identifier: Apache-2.0
// Sources and destinations that cannot serve, as a user meets them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import { assertRefused, cli, type Ended, leftovers } from "../../support/cli.ts";
import { makeDisk, type TestDisk } from "../../support/disks/disks.ts";
import type { TestFile } from "../../support/disks/filesystems.ts";
import { temporary } from "../../support/temporary.ts";

const STRANGE_LINUX: Readonly<Record<string, TestFile>> = {
  "/etc/os-release": 'ID=strange\nVERSION_ID=7\nPRETTY_NAME="Strange Linux 7"\n',
  "/etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
  "/etc/hostname": "strange\n",
  "/sbin/init": { content: "#!/bin/sh\n", mode: 0o755 },
  "/bin/sh": { content: "none", mode: 0o755 },
};

const strangeDisk = (): Promise<TestDisk> =>
  makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 48, fs: "ext4", files: STRANGE_LINUX },
      { sizeMb: 8, fs: "swap" },
    ],
  });

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

function migrate(disk: string, to: string, ...more: readonly string[]): Promise<Ended> {
  return cli(["migrate", "--disk", disk, "--to", to, "--name", "vm", "--yes", "--no-boot-check", ...more]);
}

test("what is not a disk is refused", async (t) => {
  const directory = await temporary(t);
  const to = `dir:${join(directory, "vms")}`;
  const empty = join(directory, "empty.img");
  await writeFile(empty, "");
  await assertRefused(await migrate(join(directory, "nothing.img"), to), {
    code: 3,
    says: /nothing\.img/,
    advises: /\S/,
  });
  await assertRefused(await migrate(directory, to), { code: 3, says: new RegExp(directory), advises: /\S/ });
  await assertRefused(await migrate("/dev/null", to), { code: 3, says: /\/dev\/null/, advises: /\S/ });
  await assertRefused(await migrate(empty, to), { code: 3, says: /empty/, advises: /\S/ });
  assert.deepEqual(await readdir(directory), ["empty.img"]);
});

test("a truncated image is refused, with the bytes that are missing", async (t) => {
  const to = `dir:${await temporary(t)}`;
  await using disk = await strangeDisk();
  await truncate(disk.path, 20 * 2 ** 20);
  await assertRefused(await migrate(disk.path, to), { code: 3, says: /missing|ends|beyond/i, advises: /\S/ });
});

test("a disk without partitions and file systems is refused; --as-is copies it", async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "blank.img");
  await writeFile(path, Buffer.alloc(8 * 2 ** 20));
  await assertRefused(await migrate(path, `dir:${directory}`), {
    code: 3,
    says: /no partition table and no file system/,
    advises: /--as-is/,
  });
  const copied = await migrate(path, `dir:${directory}`, "--as-is");
  assert.equal(copied.code, 0, copied.stderr);
  assert.equal(await sha256(join(directory, "vm/vm-1.img")), await sha256(path));
});

test("a damaged file system stops the run with the checker's words; --as-is copies it", async (t) => {
  const directory = await temporary(t);
  await using disk = await strangeDisk();
  const [partition] = disk.partitions;
  assert.ok(partition !== undefined);
  const file = await open(disk.path, "r+");
  await file.write(Buffer.alloc(64 * 1024, 0xa5), 0, 64 * 1024, partition.start + 4096); // the group descriptors and beyond
  await file.close();
  const before = await sha256(disk.path);
  await assertRefused(await migrate(disk.path, `dir:${directory}`), {
    code: 3,
    says: /damaged/,
    advises: /--as-is/,
  });
  const copied = await migrate(disk.path, `dir:${directory}`, "--as-is");
  assert.equal(copied.code, 0, copied.stderr);
  assert.match(copied.stderr, /copied as they are/);
  assert.equal(await sha256(disk.path), before);
});

test("a hibernated system is refused", async (t) => {
  await using disk = await strangeDisk();
  const swap = disk.partitions[1];
  assert.ok(swap !== undefined);
  const file = await open(disk.path, "r+");
  await file.write("S1SUSPEND\0", swap.start + 4086); // where SWAPSPACE2 was (kernel/power/swap.c)
  await file.close();
  await assertRefused(await migrate(disk.path, `dir:${await temporary(t)}`), {
    code: 3,
    says: /hibernated/,
    advises: /shut it down/,
  });
});

test("an unknown system without a boot loader is said to be one before the copy; --as-is copies it", async (t) => {
  const directory = await temporary(t);
  await using disk = await strangeDisk();
  await assertRefused(await migrate(disk.path, `dir:${directory}`), {
    code: 6,
    says: /would not boot \((?:firmware|loader)\)/,
    advises: /--as-is/,
  });
  assert.deepEqual(await readdir(directory), []);
});

test("a mounted source is refused", async (t) => {
  const directory = await temporary(t);
  await using disk = await makeDisk({
    table: "none",
    partitions: [{ sizeMb: 16, fs: "ext4", files: STRANGE_LINUX }],
  });
  const mountpoint = join(directory, "mnt");
  await mkdir(mountpoint);
  await run(["mount", "-o", "loop", disk.path, mountpoint]);
  try {
    const ended = await migrate(disk.path, `dir:${directory}`);
    assert.equal(ended.code, 3, ended.stderr);
    assert.match(ended.stderr, /mounted|in use|attached/);
  } finally {
    await run(["umount", mountpoint]);
  }
});

test("a destination that exists is never overwritten without --replace", async (t) => {
  const directory = await temporary(t);
  await using disk = await strangeDisk();
  assert.equal((await migrate(disk.path, `dir:${directory}`, "--as-is")).code, 0);
  const before = await sha256(join(directory, "vm/vm-1.img"));
  await assertRefused(await migrate(disk.path, `dir:${directory}`, "--as-is"), {
    code: 5,
    says: /finished VM/,
    advises: /--replace/,
  });
  assert.equal(await sha256(join(directory, "vm/vm-1.img")), before);
  assert.equal((await migrate(disk.path, `dir:${directory}`, "--as-is", "--replace")).code, 0);
  await mkdir(join(directory, "other"));
  await writeFile(join(directory, "other/precious"), "mine");
  const ended = await cli([
    "migrate",
    "--disk",
    disk.path,
    "--to",
    `dir:${directory}`,
    "--name",
    "other",
    "--yes",
    "--as-is",
    "--replace",
    "--no-boot-check",
  ]);
  await assertRefused(ended, { code: 5, says: /not ours/, advises: /another/ });
  assert.equal(await readFile(join(directory, "other/precious"), "utf8"), "mine");
});

test("a full destination is told before the copy", async (t) => {
  const directory = await temporary(t);
  await using disk = await strangeDisk();
  await run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", directory]);
  try {
    await assertRefusedOn(directory, await migrate(disk.path, `dir:${directory}`, "--as-is"));
    assert.deepEqual(await readdir(directory), []);
  } finally {
    await run(["umount", directory]);
  }
});

/** The mount of the test itself is not a leftover. */
async function assertRefusedOn(directory: string, ended: Ended): Promise<void> {
  assert.equal(ended.code, 5, ended.stderr);
  assert.match(ended.stderr, /MiB free, the VM needs/);
  assert.deepEqual(
    (await leftovers()).filter((line) => !line.includes(directory)),
    [],
  );
}

test("Ctrl-C in each phase cleans up, and the same command then goes to the end", async (t) => {
  const directory = await temporary(t);
  await using disk = await makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 256, fs: "ext4", files: { ...STRANGE_LINUX, "/big": Buffer.alloc(160 * 2 ** 20, 7) } },
    ],
  });
  const before = await sha256(disk.path);
  const args = [
    "migrate",
    "--disk",
    disk.path,
    "--to",
    `dir:${directory}`,
    "--name",
    "vm",
    "--yes",
    "--as-is",
    "--no-boot-check",
    "--proof",
    "full",
    "--json",
  ];
  for (const phase of ["inspect", "overlay", "plan", "convert", "copy", "define"]) {
    const ended = await cli(args, { interruptAt: new RegExp(`"phase":"${phase}","state":"begun"`) });
    if (ended.code === 0) {
      assert.equal(phase, "define", `the run was over before ${phase} could be interrupted`); // it takes milliseconds
      await rm(join(directory, "vm"), { recursive: true });
      continue;
    }
    await assertRefused(ended, { code: 130, says: /SIGINT/, advises: /same command/ });
    const left = await readdir(join(directory, "vm")).catch((): string[] => []);
    assert.ok(!left.includes("manifest.json"), `${phase}: ${left.join(" ")}`);
    assert.ok(
      !left.includes("vm-1.img") || phase === "define",
      `${phase} left a half image that is not named as such`,
    );
  }
  const ended = await cli(args);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(await sha256(disk.path), before);
  assert.equal((await cli(["verify", join(directory, "vm")])).code, 0);
  assert.deepEqual(await leftovers(), []);
});

test("a run that ended after its copy and before its report goes on, and sends nothing again", async (t) => {
  const directory = await temporary(t);
  await using disk = await strangeDisk();
  assert.equal((await migrate(disk.path, `dir:${directory}`, "--as-is")).code, 0);
  await rm(join(directory, "vm/report.json"));
  const again = await migrate(disk.path, `dir:${directory}`, "--as-is");
  assert.equal(again.code, 0, again.stderr);
  const { disks } = JSON.parse(await readFile(join(directory, "vm/report.json"), "utf8")) as Report;
  assert.ok((disks[0]?.sentBytes ?? Number.NaN) < 4096, `${disks[0]?.sentBytes} bytes were sent again`);
  assert.equal((await cli(["verify", join(directory, "vm")])).code, 0);
});

test("verify finds one changed byte in an image, and says where", async (t) => {
  const directory = await temporary(t);
  await using disk = await strangeDisk();
  assert.equal((await migrate(disk.path, `dir:${directory}`, "--as-is")).code, 0);
  const file = await open(join(directory, "vm/vm-1.img"), "r+");
  await file.write(Buffer.of(0x5a), 0, 1, 5 * 2 ** 20 + 17);
  await file.close();
  await assertRefused(await cli(["verify", join(directory, "vm")]), {
    code: 8,
    says: /vm-1\.img differs at bytes 5242880-6291456/,
    advises: /copy it again/,
  });
});
