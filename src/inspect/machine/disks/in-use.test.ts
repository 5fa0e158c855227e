// SPDX-License-Identifier: Apache-2.0
// What is mounted is told of all that lies below it, and a running volume is found above its disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceFiles } from "../../../../tests/support/sample-disks.ts";
import { sampleSysroot } from "../../../../tests/support/sample-machine.ts";
import { findHolder, readUses } from "./in-use.ts";

test("readUses() names what is mounted and all that lies below it", async () => {
  const used = await readUses(sampleSysroot());
  for (const device of [
    "/dev/mapper/vg--0-root",
    "/dev/dm-0",
    "253:0",
    "/dev/md127",
    "/dev/sda2",
    "/dev/sda",
    "8:16",
  ])
    assert.equal(used.get(device)?.where, "/", device);
  assert.equal(used.get("/dev/mapper/vg--0-swap")?.kind, "swap");
  assert.equal(used.get("/dev/cciss/c0d0")?.where, "/mnt/old disk");
  for (const free of ["/dev/sda1", "/dev/nvme0n1", "/dev/cciss/c0d0p5"])
    assert.equal(used.get(free), undefined, free);
});

test("readUses() names all devices of a mounted btrfs", async () => {
  const files = {
    ...deviceFiles({ name: "sda", devno: "8:0", size: 8 }),
    ...deviceFiles({ name: "sdb", devno: "8:16", size: 8 }),
    "/sys/fs/btrfs/u/devices/sda": { link: "/sys/class/block/sda" },
    "/sys/fs/btrfs/u/devices/sdb": { link: "/sys/class/block/sdb" },
    "/proc/self/mountinfo": "29 1 0:26 / /data rw - btrfs /dev/sda rw\n",
  };
  const used = await readUses(sampleSysroot(files));
  assert.equal(used.get("/dev/sdb")?.where, "/data");
  assert.equal(used.get("8:0")?.where, "/data");
});

test("readUses() says what on a disk is mounted, follows links of /dev, and takes no swap file for a device", async () => {
  const files = {
    ...deviceFiles({ name: "sda", devno: "8:0", size: 8 }),
    ...deviceFiles({ name: "sdb", devno: "8:16", size: 8 }),
    "/dev/disk/by-uuid/u": { link: "../../sda" },
    "/dev/sda": "",
    "/proc/self/mountinfo": "29 1 0:26 / /my\\040data rw - btrfs /dev/disk/by-uuid/u rw\nnonsense\n",
    "/proc/swaps": "Filename\tType\tSize\n/swap file 1000 0 -3\n/dev/sdb\tpartition\t1000\n",
  };
  const used = await readUses(sampleSysroot(files));
  const mounted = { kind: "mounted", device: "/dev/disk/by-uuid/u", where: "/my data" };
  assert.deepEqual(used.get("8:0"), mounted);
  assert.deepEqual(used.get("8:16"), { kind: "swap", device: "/dev/sdb", where: "swap" });
});

test("findHolder() finds what runs on a disk or on a partition of it", async () => {
  const partitions = [{ number: 1, devno: "8:1", start: 1, size: 4 }];
  const disk = deviceFiles({ name: "sda", devno: "8:0", size: 8, partitions });
  const array = deviceFiles({ name: "md0", devno: "9:0", size: 4, slaves: ["sda1"] });
  const running = sampleSysroot({ ...disk, ...array });
  assert.deepEqual(await findHolder(running, "8:0"), { part: "/dev/sda1", holder: "md0" });
  assert.equal(await findHolder(sampleSysroot(disk), "8:0"), null);
  assert.equal(await findHolder(running, "9:9"), null);
});
