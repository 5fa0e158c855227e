// SPDX-License-Identifier: Apache-2.0
// The problems that people have with moved machines, as a list; each must have a test that names it (`problem 3: ...`).
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

const PROBLEMS: Readonly<Record<number, string>> = {
  1: "the root is not found: no virtio in the initramfs",
  2: "rebuilding the initramfs fails",
  3: "a network card gets another name, and its address is lost",
  4: "several cards come up swapped",
  5: "allow-hotplug and odd network configurations are missed",
  6: "the UEFI boot entry is lost, and there is no fallback loader",
  7: "the boot menu is regenerated, for the wrong firmware",
  8: "root or fstab by the name of a device",
  9: "boot loader entries and kernelopts",
  10: "NVMe names and their p before the partition",
  11: "resume= names a swap that is gone",
  12: "LVM's devices file and filters pin the old disks",
  13: "members of software RAID",
  14: "LVM over several disks, of which one is missing",
  15: "an encrypted root whose key is sealed in the old machine",
  17: "a CPU below the level that the system is built for",
  18: "the boot disk is not the first",
  24: "the guest's own state: labels, a full /boot",
  25: "clone and original clash",
};

test("each known problem has a test that names it", async () => {
  const named = new Set<number>();
  for (const room of ["src", "tests"]) {
    const names = await readdir(join(ROOT, room), { recursive: true });
    for (const name of names.filter((one) => one.endsWith(".test.ts")))
      for (const [, number] of (await readFile(join(ROOT, room, name), "utf8")).matchAll(
        /test\(\s*"problem (\d+): /g,
      ))
        named.add(Number(number));
  }
  const missing = Object.entries(PROBLEMS).filter(([number]) => !named.has(Number(number)));
  assert.deepEqual(missing, []);
});
