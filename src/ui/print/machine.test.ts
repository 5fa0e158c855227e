// SPDX-License-Identifier: Apache-2.0
// The printed machine: a golden of a whole server, and 80 columns whatever disks call themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkGolden } from "../../../tests/support/golden.ts";
import { sampleSysroot } from "../../../tests/support/sample-machine.ts";
import { type BlockEdge, type BlockNode, type Holds, type Machine, unknown } from "../../core/index.ts";
import { readMachine } from "../../inspect/machine/machine.ts";
import { columnsOf } from "../text/columns.ts";
import { printMachine } from "./machine.ts";
import { anyCharacter } from "../../../tests/support/laws.ts";

const signal = new AbortController().signal;

const checkWidth = (text: string): void => {
  for (const line of text.split("\n"))
    assert.ok(columnsOf(line) <= 80, `${columnsOf(line)} columns: ${line}`);
};

test("printMachine() draws a server as the golden does", async () => {
  const machine = await readMachine(sampleSysroot(), { signal });
  await checkGolden("print/machine-utf8.txt", `${printMachine(machine, { ascii: false })}\n`);
  await checkGolden("print/machine-ascii.txt", `${printMachine(machine)}\n`);
});

test("printMachine() says what is unknown, and why", async () => {
  const machine = await readMachine(sampleSysroot({}), { signal });
  await checkGolden("print/machine-unknown.txt", `${printMachine(machine)}\n`);
});

const empty: Machine = {
  format: "machine/1",
  name: "",
  arch: "x86_64",
  memoryBytes: unknown("no"),
  clock: unknown("no"),
  firmware: unknown("no"),
  cpu: unknown("no"),
  dmi: unknown("no"),
  nics: [],
  controllers: [],
  storage: { nodes: [], edges: [] },
};

const node = (id: string, holds: Holds, path = `/dev/${id}`): BlockNode => ({
  id,
  path,
  sizeBytes: 2 ** 30,
  sectorBytes: 512,
  holds,
});

test("printMachine() names the partitions of an image, which have no path of their own", () => {
  const image = node(
    "disk:1",
    { kind: "disk", serial: null, model: "disk image", table: "mbr" },
    "/srv/web.img",
  );
  const partition = node(
    "disk:1/part:1",
    { kind: "partition", number: 1, type: "83", uuid: null, bootable: true },
    image.path,
  );
  const content = node(
    "disk:1/part:1/fs",
    { kind: "filesystem", type: "ext4", uuid: "u-1", label: null },
    image.path,
  );
  const edges = [
    { from: partition.id, to: image.id, map: null },
    { from: content.id, to: partition.id, map: null },
  ];
  const text = printMachine({ ...empty, storage: { nodes: [image, partition, content], edges } });
  assert.match(text, /^\/srv\/web\.img +1\.0 GiB  disk image, MBR$/m);
  assert.match(text, /^`-partition 1 +1\.0 GiB  bootable, ext4 u-1$/m);
});

test("printMachine() shows a volume on two disks once in full", async () => {
  const text = printMachine(await readMachine(sampleSysroot(), { signal }));
  assert.equal(text.match(/vg-0\/root/g)?.length, 1);
  assert.equal(text.match(/software RAID, as above/g)?.length, 1);
});

test("printMachine() names devices without a size", () => {
  const text = printMachine({ ...empty, notKnown: [{ about: "/dev/sdc", why: "its size is not told" }] });
  assert.match(text, /^\/dev\/sdc: unknown \(its size is not told\)$/m);
});

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 120 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
);
const anyHolds: fc.Arbitrary<Holds> = fc.oneof(
  fc.record({
    kind: fc.constant("disk" as const),
    serial: fc.option(anyText),
    model: anyText,
    table: fc.constantFrom("gpt" as const, "none" as const, "unknown" as const),
  }),
  fc.record({
    kind: fc.constant("filesystem" as const),
    type: anyText,
    uuid: anyText,
    label: fc.option(anyText),
  }),
  fc.record({ kind: fc.constant("lvm-lv" as const), uuid: anyText, name: anyText }),
  fc.record({ kind: fc.constantFrom("opaque" as const, "unknown" as const), why: anyText }),
);

const anyStorage = fc.array(fc.tuple(anyHolds, anyText, fc.nat(8)), { maxLength: 9 }).map((items) => {
  const nodes = items.map(([holds, path], index) => node(`n${index}`, holds, path));
  // A node may lie on any other, itself included: the printer is given graphs it did not make.
  const edges: BlockEdge[] = items.map(([, , to], index) => ({ from: `n${index}`, to: `n${to}`, map: null }));
  return { nodes, edges };
});

test("printMachine() keeps 80 columns and lets no control character through", () => {
  fc.assert(
    fc.property(anyStorage, anyText, fc.boolean(), (storage, name, ascii) => {
      const nic = { name, mac: "02:00:00:00:00:01", driver: name, speedMbit: 10, carrier: null, bus: name };
      const text = printMachine(
        { ...empty, name, storage, nics: [nic], notKnown: [{ about: name, why: name }] },
        { ascii },
      );
      checkWidth(text);
      const rest = text.replaceAll("\n", "");
      assert.doesNotMatch(rest, /[\p{Cc}\p{Cf}]/u);
      if (ascii) assert.match(rest, /^[ -~]*$/);
    }),
  );
});
