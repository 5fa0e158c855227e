// SPDX-License-Identifier: Apache-2.0
// CPU lists and counts. Real machines are in tests/golden/machines.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { known } from "../../core/index.ts";
import { countCpus, parseCpuInfo, parseCpuList } from "./cpu.ts";

test("parseCpuList() reads ranges", () => {
  assert.deepEqual(parseCpuList("0-2,5,7-8\n"), [0, 1, 2, 5, 7, 8]);
  assert.deepEqual(parseCpuList("3,1"), [1, 3]);
});

test("parseCpuList() refuses what is not a list, and lists without end", () => {
  for (const garbage of [
    "",
    "0-",
    "a",
    "3-1",
    "0-99999999",
    "-1",
    "1,,2",
    "0-8192",
    `${"0,".repeat(70_000)}0`,
  ])
    assert.equal(parseCpuList(garbage), null, garbage.slice(0, 20));
});

test("parseCpuInfo() reads model, flags and the topology of old kernels", () => {
  const block = (cpu: number, socket: number, core: number): string =>
    `processor\t: ${cpu}\nphysical id\t: ${socket}\ncore id\t\t: ${core}\nmodel name\t: Some  CPU @ 2GHz\nflags\t\t: fpu lm\n`;
  const info = parseCpuInfo([block(0, 0, 0), block(1, 0, 0), block(2, 1, 0), block(3, 1, 0)].join("\n"));
  assert.equal(info.model, "Some CPU @ 2GHz");
  assert.deepEqual([...info.flags], ["fpu", "lm"]);
  assert.deepEqual(countCpus(info.cpus, null), { sockets: known(2), cores: known(2), threads: known(4) });
});

test("countCpus() knows nothing without a topology, and never says 0", () => {
  const counts = countCpus([{ core: null, socket: null }], 1);
  assert.equal(counts.sockets.kind, "unknown");
  assert.equal(counts.cores.kind, "unknown");
  assert.deepEqual(counts.threads, known(1));
  assert.equal(countCpus([], null).threads.kind, "unknown");
});
