// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { parseMemory, readKernelMemory, readPageWrites, readSysctls } from "./reservations.ts";
import { readSysctlFiles } from "./sysctl-files.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

const pagesOf = (words: string): readonly (readonly [number, number])[] => [
  ...readKernelMemory(words, 2 * GIB).pages,
];

test("huge pages count by the size before them, or by the default size, wherever that stands", () => {
  assert.deepEqual(pagesOf("ro default_hugepagesz=1G hugepagesz=1G hugepages=64"), [[GIB, 64]]);
  assert.deepEqual(pagesOf("hugepages=512 quiet"), [[2 * MIB, 512]]);
  assert.deepEqual(pagesOf("hugepages=4 default_hugepagesz=1G"), [[GIB, 4]]);
  assert.deepEqual(pagesOf("hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=0:16,1:16"), [
    [GIB, 2],
    [2 * MIB, 32],
  ]);
  assert.deepEqual(pagesOf("ro quiet"), []);
});

test("crashkernel= counts by the VM's own memory; mem= limits; memmap= and hugetlb_cma= take away", () => {
  const crash = (value: string, memory = 2 * GIB): number | null =>
    readKernelMemory(`crashkernel=${value}`, memory).crashBytes;
  assert.equal(crash("4G"), 4 * GIB);
  assert.equal(crash("256M@16M"), 256 * MIB);
  assert.equal(crash("512M,high"), 512 * MIB);
  assert.equal(crash("1G-4G:192M,4G-64G:256M,64G-:512M"), 192 * MIB);
  assert.equal(crash("1G-4G:192M,4G-64G:256M,64G-:512M", 128 * GIB), 512 * MIB);
  assert.equal(crash("auto"), 0);
  const { limitBytes, others } = readKernelMemory("mem=4G memmap=8G!16G memmap=exactmap hugetlb_cma=1G", GIB);
  assert.equal(limitBytes, 4 * GIB);
  assert.deepEqual(
    others.map(({ bytes }) => bytes),
    [8 * GIB, GIB],
  );
  assert.deepEqual([parseMemory("64K"), parseMemory("12"), parseMemory("x")], [65_536, 12, null]);
});

test("huge pages that are written into /sys at boot count too", () => {
  const text = [
    "# echo 9 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
    "echo 16 > /sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages",
    "w /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages - - - - 512",
    "cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
  ].join("\n");
  assert.deepEqual(readPageWrites(text), [
    { pageBytes: GIB, count: 16 },
    { pageBytes: 2 * MIB, count: 512 },
  ]);
});

test("of sysctls the last one counts, by name over all directories, and /etc hides the same name elsewhere", async () => {
  const view = memoryView({
    "/usr/lib/sysctl.d/50-default.conf": "vm.nr_hugepages = 1\n",
    "/usr/lib/sysctl.d/60-x.conf": "vm.nr_hugepages = 9\n",
    "/etc/sysctl.d/60-x.conf": "# nothing\n",
    "/etc/sysctl.d/55-y.conf": "-vm/nr_hugepages=2\n; vm.nr_hugepages = 7\n",
  });
  const found = readSysctls(await readSysctlFiles(view)).get("vm.nr_hugepages");
  assert.deepEqual(found, { value: "2", path: "/etc/sysctl.d/55-y.conf" });
});
