// SPDX-License-Identifier: Apache-2.0
// CPU lists, counts and levels. Real machines are in tests/golden/machines.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { known } from "../../core/index.ts";
import { countCpus, levelOf, parseCpuInfo, parseCpuList } from "./cpu.ts";

const V2 = ["lm", "cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"];
const V3 = [...V2, "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"];
const V4 = [...V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"];

test("parseCpuList() reads ranges", () => {
  assert.deepEqual(parseCpuList("0-2,5,7-8\n"), [0, 1, 2, 5, 7, 8]);
  assert.deepEqual(parseCpuList("3,1"), [1, 3]);
});

test("parseCpuList() refuses what is no list, and lists without end", () => {
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

test("levelOf() follows the x86-64 psABI", () => {
  const level = (flags: readonly string[]) => levelOf(new Set(flags));
  assert.deepEqual(level(["lm", "sse2"]), known(1));
  assert.deepEqual(level(V2), known(2));
  assert.deepEqual(level(V3), known(3));
  assert.deepEqual(level(V4), known(4));
  assert.deepEqual(level(V4.filter((flag) => flag !== "abm")), known(2), "a level needs all below it");
  assert.equal(level(["fpu", "sse2"]).kind, "unknown", "32 bits");
  assert.equal(level([]).kind, "unknown");
});
