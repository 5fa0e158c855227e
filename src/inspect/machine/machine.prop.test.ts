// SPDX-License-Identifier: Apache-2.0
// Recordings come from anybody: whatever their files say, the result is a clean Machine that can be printed.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleMachineFiles, sampleSysroot } from "../../../tests/support/sample-machine.ts";
import type { BlockGraph, NodeId } from "../../core/index.ts";
import type { MemoryFile } from "../../system/index.ts";
import { readMachine } from "./machine.ts";
import { readUses } from "./disks/in-use.ts";
import { anyCharacter } from "../../../tests/support/laws.ts";

const sample = sampleMachineFiles();
const paths = Object.keys(sample).toSorted();
const signal = new AbortController().signal;

const hostile: fc.Arbitrary<MemoryFile | null> = fc.oneof(
  fc.constantFrom(
    "",
    "-1\n",
    "0\n",
    "NaN\n",
    "Infinity",
    "1e308",
    "18446744073709551615\n",
    "9007199254740991\n",
    "9007199254740993\n",
    "0x7fffffffffffffff",
    "0-4294967295",
    "8:0\n8:1",
    "../../../../etc/passwd\n",
    "\u001b[2J\u202e\0",
    "a".repeat(100_000),
  ),
  fc.string({ unit: anyCharacter, maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }),
  fc
    .constantFrom(...paths, "/", "..", "../..", "x", "/sys/block", "../".repeat(300))
    .map((link) => ({ link })),
  fc.constant({ directory: true } as const),
  fc.constant(null), // removed
);

const changes = fc.dictionary(fc.constantFrom(...paths), hostile, { minKeys: 1, maxKeys: 30 });

function checkGraph({ nodes, edges }: BlockGraph): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  assert.equal(byId.size, nodes.length, "ids are unique");
  for (const { sizeBytes, sectorBytes } of nodes) {
    assert.ok(Number.isSafeInteger(sizeBytes) && sizeBytes > 0, `${sizeBytes}`);
    assert.ok(Number.isSafeInteger(sectorBytes) && sectorBytes >= 512);
  }
  for (const { from, to, map } of edges) {
    const [upper, lower] = [byId.get(from), byId.get(to)];
    assert.ok(upper !== undefined && lower !== undefined, `${from} -> ${to}`);
    for (const part of map ?? []) {
      assert.ok(part.from >= 0 && part.from + part.length <= upper.sizeBytes);
      assert.ok(part.to >= 0 && part.to + part.length <= lower.sizeBytes);
    }
  }
  assertAcyclic(edges.map(({ from, to }) => [from, to]));
}

function assertAcyclic(edges: readonly (readonly [NodeId, NodeId])[]): void {
  let left = edges;
  for (;;) {
    const lower = new Set(left.map(([from]) => from));
    const kept = left.filter(([, to]) => lower.has(to));
    if (kept.length === 0) return;
    assert.ok(kept.length < left.length, "the graph has a circle");
    left = kept;
  }
}

test("readMachine() and readUses() stand any recording", async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (changed) => {
      const files: Record<string, MemoryFile> = { ...sample };
      for (const [path, file] of Object.entries(changed)) {
        if (file === null) delete files[path];
        else files[path] = file;
      }
      const machine = await readMachine(sampleSysroot(files), { signal });
      checkGraph(machine.storage);
      assert.ok(machine.memoryBytes.kind === "unknown" || machine.memoryBytes.value > 0);
      if (machine.cpu.kind === "known")
        for (const count of [machine.cpu.value.sockets, machine.cpu.value.cores, machine.cpu.value.threads])
          assert.ok(count.kind === "unknown" || count.value > 0);
      assert.deepEqual(JSON.parse(JSON.stringify(machine)), machine);
      await readUses(sampleSysroot(files));
    }),
    { numRuns: 60 },
  );
});
