// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockNode, BootCode } from "../machine.ts";
import { bootDiskOf } from "./boot-disk.ts";

const disk = (number: number, boot: BootCode["kind"]): BlockNode => {
  const code: BootCode = boot === "grub2" ? { kind: boot, core: true } : { kind: "none" };
  const holds = { kind: "disk", serial: null, model: "", table: "mbr", boot: code } as const;
  return { id: `disk:${number}`, path: "", sizeBytes: 1, sectorBytes: 512, holds };
};
const file = (number: number) =>
  ({ number, path: "", kind: "file", sizeBytes: 1, sectorBytes: 512 }) as const;

test("a BIOS starts the disk that has code, where the root's has none and only one other has", () => {
  const guest = { mounts: [], root: "disk:2/part:1/fs" };
  const bootOf = (kinds: readonly BootCode["kind"][], uefi = false): number =>
    bootDiskOf(
      {
        storage: { nodes: kinds.map((kind, index) => disk(index + 1, kind)), edges: [] },
        disks: kinds.map((_, index) => file(index + 1)),
        firmware: uefi ? { kind: "uefi", secureBoot: false } : { kind: "bios" },
      },
      guest,
    );
  assert.equal(bootOf(["none", "grub2"]), 2);
  assert.equal(bootOf(["grub2", "grub2"]), 2);
  assert.equal(bootOf(["grub2", "none"]), 1);
  assert.equal(bootOf(["grub2", "none"], true), 2);
  assert.equal(bootOf(["none", "none"]), 2);
  assert.equal(bootOf(["grub2", "none", "grub2"]), 2, "which one is not known");
});
