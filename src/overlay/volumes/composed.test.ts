// SPDX-License-Identifier: Apache-2.0
// Volumes in pieces, for device-mapper and for QEMU.
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTable } from "../../system/index.ts";
import { composedChain, renderDescriptor } from "./composed.ts";

const MIB = 2 ** 20;

test("a volume in pieces is one table of device-mapper, or one descriptor of QEMU", () => {
  const targets = [
    { sectors: 8, table: "linear /dev/mapper/a 100" },
    { sectors: 16, table: "linear /dev/mapper/b 0" },
  ];
  assert.equal(renderTable(targets), "0 8 linear /dev/mapper/a 100\n8 16 linear /dev/mapper/b 0\n");
  const text = renderDescriptor([
    { path: "/dev/loop1", sizeBytes: MIB },
    { path: "/dev/loop2", sizeBytes: 512 },
  ]);
  assert.match(text, /\nRW 2048 FLAT "\/dev\/loop1" 0\nRW 1 FLAT "\/dev\/loop2" 0\n/);
  assert.throws(() => renderDescriptor([{ path: '/a"b', sizeBytes: 512 }]), /cannot be named/);
  const { nodes, top } = composedChain("/d", { writable: false });
  assert.ok(nodes.every((node) => node["read-only"] === true) && top === "pieces");
  assert.equal(composedChain("/d", { writable: true }).top, "no-discard");
});
