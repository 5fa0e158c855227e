// SPDX-License-Identifier: Apache-2.0
// Block devices of the host as the place of a disk: old bytes give way, what is in use is refused, nothing behind the
// disk's end is touched.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { open, readFile, readlink, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openSink } from "../../src/receiver/agent/sink.ts";
import { attachLoop, deviceNumber, mount, run } from "../../src/system/index.ts";
import { HASH_BYTES, type OpenMessage } from "../../src/wire/index.ts";
import { assertRefused, cli, type Ended, leftovers } from "../support/cli.ts";
import { startSshd } from "../../lab/sshd.ts";
import { makeDisk, type TestDisk } from "../support/disks/disks.ts";
import { temporary } from "../support/temporary.ts";

const MIB = 2 ** 20;
const BEHIND = 8 * MIB;

const source = (): Promise<TestDisk> =>
  makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 60, fs: "ext4", files: { "hello.txt": "hello\n" } },
      { sizeMb: 20, fs: "swap" },
    ],
  });

/** A loop device full of old bytes. */
async function volume(
  t: TestContext,
  directory: string,
  sizeBytes: number,
  name = "old.img",
): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, randomBytes(sizeBytes));
  const loop = await attachLoop(file, { offset: 0, sizeBytes, readOnly: false });
  t.after(() => loop[Symbol.asyncDispose]());
  return loop.path;
}

const migrate = (disk: TestDisk, to: string, ...more: readonly string[]): Promise<Ended> => {
  const how = ["--name", "vm", "--hypervisor", "qemu", "--no-boot-check", "--yes"];
  const uri = to.startsWith("ssh:") ? to : `dir:${to}`;
  return cli(["migrate", "--disk", disk.path, "--to", uri, ...how, ...more]);
};

async function bytesOf(path: string, start: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, start);
    assert.equal(bytesRead, length);
    return bytes;
  } finally {
    await file.close();
  }
}

test("a volume with old bytes holds the disk, zeros where nothing is used, and its own bytes behind the end", async (t) => {
  await using disk = await source();
  const directory = await temporary(t);
  const device = await volume(t, directory, disk.sizeBytes + BEHIND);
  const before = await bytesOf(device, disk.sizeBytes, BEHIND);
  const named = join("/dev", `p2v-test-${process.pid}`); // as LVM and ZFS name theirs: a link
  await symlink(device, named);
  t.after(() => rm(named, { force: true }));

  const image = await migrate(disk, join(directory, "as-image"));
  assert.equal(image.code, 0, image.stderr);
  await using sshd = await startSshd();
  const uri = `ssh://${sshd.hostAlias}${directory}/vms`;
  const done = await migrate(disk, uri, "--volume", named, "--ssh-config", sshd.sshConfigPath);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /All that is on \/dev\/p2v-test-\d+ on .* is overwritten/);
  assert.deepEqual(await leftovers(), []);

  const expected = await readFile(join(directory, "as-image/vm/vm-1.img"));
  assert.ok((await bytesOf(device, 0, disk.sizeBytes)).equals(expected));
  assert.ok((await bytesOf(device, disk.sizeBytes, BEHIND)).equals(before));
  const vm = join(directory, "vms/vm");
  assert.equal(await readlink(join(vm, "vm-1.img")), named);
  assert.match(await readFile(join(vm, "vm.libvirt.xml"), "utf8"), new RegExp(`<source dev="${named}"/>`));
  assert.match(await readFile(join(vm, "vm.xl.cfg"), "utf8"), new RegExp(`target=${named}"`));

  assert.equal((await cli(["verify", vm])).code, 0);
  const file = await open(device, "r+");
  await file.write(Buffer.from("flipped"), 0, 7, disk.partitions[0]?.start ?? 0);
  await file.sync();
  await file.close();
  const flipped = await cli(["verify", vm]);
  assert.equal(flipped.code, 8, flipped.stderr);
  assert.match(flipped.stderr, /vm-1\.img differs at bytes/);

  const updated = await migrate(disk, join(directory, "vms"), "--volume", named, "--update");
  assert.equal(updated.code, 0, updated.stderr);
  assert.ok((await bytesOf(device, 0, disk.sizeBytes)).equals(expected));

  const undo = await cli(["host", "undefine", "vm", "--to", `dir:${join(directory, "vms")}`, "--yes"]);
  assert.equal(undo.code, 0, undo.stderr);
  await assert.rejects(readlink(join(vm, "vm-1.img")), /ENOENT/);
  assert.ok((await bytesOf(device, 0, disk.sizeBytes)).equals(expected), "undefine touched the volume");
});

test("a volume that is too small, recognized, mounted, open, part of something, or none is refused", async (t) => {
  await using disk = await source();
  const directory = await temporary(t);
  const to = join(directory, "vms");
  const refused = async (
    device: string,
    expected: { says: RegExp; advises: RegExp; code?: number },
    ...more: readonly string[]
  ): Promise<void> =>
    assertRefused(await migrate(disk, to, "--volume", device, ...more), { code: 5, ...expected });

  const small = await volume(t, directory, 8 * MIB, "small.img");
  await refused(small, { says: /has 8\.0 MiB, the disk \d+/, advises: /larger/ });
  await refused("/dev/p2v-none", { says: /is not there/, advises: /Make the volume/ });
  await refused("/dev/null", { says: /is not a block device/, advises: /logical volume/ });
  await refused(join(directory, "small.img"), {
    code: 2,
    says: /not understood/,
    advises: /\/dev\/vg0\/web/,
  });

  const device = await volume(t, directory, disk.sizeBytes);
  await run(["mkfs.ext4", "-q", "-L", "diary", device]);
  await refused(device, {
    says: /holds something: .*ext4.*diary|holds something: .*diary.*ext4/,
    advises: /--replace/,
  });
  {
    await using mounted = await mount(device, join(directory, "mnt"), { type: "ext4", options: [] });
    assert.ok(mounted.path.startsWith(directory));
    await refused(device, { says: /is mounted, or swapped on/, advises: /Unmount/ }, "--replace");
  }
  // libvirt gives each VM a /dev of its own: another node of the same device.
  const node = join(directory, "node");
  const { rdev } = await stat(device);
  await run(["mknod", node, "b", ...deviceNumber(rdev).split(":")]);
  const file = await open(node, "r");
  await refused(device, { says: /is open in another program/, advises: /Stop that/ }, "--replace");
  await file.close();
  await refused(device, { code: 2, says: /not as qcow2/, advises: /--format/ }, "--format", "qcow2");

  {
    await using itself = await attachLoop(disk.path, {
      offset: 0,
      sizeBytes: disk.sizeBytes,
      readOnly: false,
    });
    const onItself: TestDisk = { ...disk, path: itself.path };
    await assertRefused(await migrate(onItself, to, "--volume", itself.path, "--replace"), {
      code: 5,
      says: /lies on a disk that is migrated/,
      advises: /another disk/,
    });
  }

  const whole = await volume(t, directory, disk.sizeBytes, "whole.img");
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", whole], { input: "2048,8192\n" });
  await run(["partx", "--add", whole]);
  try {
    await refused(whole, { says: /holds something: dos/, advises: /--replace/ });
    await run(["mkswap", `${whole}p1`]);
    await run(["swapon", `${whole}p1`]);
    await refused(whole, { says: /is mounted, or swapped on/, advises: /another volume/ }, "--replace");
    await run(["swapoff", `${whole}p1`]);
    const part = await open(`${whole}p1`, "r");
    await refused(whole, { says: /is open in another program/, advises: /Stop that/ }, "--replace");
    await part.close();
  } finally {
    await run(["partx", "--delete", whole]);
  }

  const other = `/dev/p2v-test-other-${process.pid}`;
  await symlink(device, other);
  t.after(() => rm(other, { force: true }));
  const done = await migrate(disk, to, "--volume", device, "--replace");
  assert.equal(done.code, 0, done.stderr);
  // The finished VM lies there: neither another volume nor an image file takes its place unasked.
  const says = /Disk 1 of the VM in .* lies on \/dev\/loop/;
  await refused(other, { says, advises: /Give --volume \/dev\/loop/ }, "--update");
  await assertRefused(await migrate(disk, to, "--update"), { code: 5, says, advises: /Give --volume/ });
});

test("what is durable on one volume tells nothing of another", async (t) => {
  const directory = await temporary(t);
  const [one, other] = [
    await volume(t, directory, 4 * MIB),
    await volume(t, directory, 4 * MIB, "other.img"),
  ];
  const request = (device: string): OpenMessage => ({
    type: "open",
    seq: 1,
    disk: "vm-1.img",
    sizeBytes: 4 * MIB,
    segmentBytes: MIB,
    format: "volume",
    volume: device,
    mode: "resume",
    join: false,
  });
  const entry = async (device: string, write: Buffer | null): Promise<Buffer> => {
    await using sink = await openSink(directory, request(device));
    if (write !== null) await sink.hashes.write(write, 0, HASH_BYTES, 0);
    const bytes = Buffer.alloc(HASH_BYTES);
    await sink.hashes.read(bytes, 0, HASH_BYTES, 0);
    return bytes;
  };
  const hash = createHash("sha256")
    .update(await bytesOf(one, 0, MIB))
    .digest();
  await entry(one, hash);
  assert.ok((await entry(one, null)).equals(hash));
  assert.ok((await entry(other, null)).equals(Buffer.alloc(HASH_BYTES)));
  assert.ok((await entry(one, null)).equals(Buffer.alloc(HASH_BYTES)));

  // By its name it is the same, but not by what it holds: after a restart another device may have the name.
  await entry(one, hash);
  const file = await open(one, "r+");
  await file.write(Buffer.from("flipped"), 0, 7, MIB / 2);
  await file.sync();
  await file.close();
  assert.ok((await entry(one, null)).equals(Buffer.alloc(HASH_BYTES)));
});

test("a volume is held while it is written, and released", async (t) => {
  const directory = await temporary(t);
  const device = await volume(t, directory, 4 * MIB);
  const request = { disk: "vm-1.img", sizeBytes: 4 * MIB, segmentBytes: MIB, mode: "resume" } as const;
  const message: OpenMessage = {
    type: "open",
    seq: 1,
    format: "volume",
    volume: device,
    join: false,
    ...request,
  };
  {
    await using held = await openSink(directory, message);
    await assert.rejects(openSink(directory, message), /in use there/);
    await using joined = await openSink(directory, { ...message, join: true });
    assert.deepEqual([held.fresh, joined.fresh], [false, false]);
  }
  await using again = await openSink(directory, message);
  assert.equal(again.fresh, false);
  await truncate(join(directory, "vm-1.hashes.partial"), 1);
  await assert.rejects(openSink(directory, { ...message, join: true }), /1 bytes, not 128/);
});
