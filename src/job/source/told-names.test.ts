// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, SourceDisk } from "../../core/index.ts";
import { toldNames } from "./told-names.ts";

const disk = (number: number, path: string): SourceDisk => ({
  number,
  path,
  kind: "file",
  sizeBytes: 2 ** 30,
  sectorBytes: 512,
});
const disks = [disk(1, "/srv/a.img"), disk(2, "/srv/b.img")];
const storage: BlockGraph = {
  nodes: disks.map(({ path, number }) => ({
    id: `disk:${number}`,
    path,
    sizeBytes: 2 ** 30,
    sectorBytes: 512,
    holds: { kind: "disk", serial: null, model: "", table: "mbr" },
  })),
  edges: [],
};

test("a disk is told by its path, however it is written, or by its number", () => {
  for (const name of ["/srv/b.img", "/srv/../srv/b.img", "2"])
    assert.deepEqual(toldNames({ disks, storage }, [{ spec: "/dev/sda", disk: name }]), [
      { spec: "/dev/sda", disk: "disk:2" },
    ]);
  assert.deepEqual(toldNames({ disks, storage }), []);
  assert.throws(() => toldNames({ disks, storage }, [{ spec: "/dev/sda", disk: "/srv/c.img" }]), {
    code: "was-wrong",
    advice: /1 \(\/srv\/a\.img\), 2 \(\/srv\/b\.img\)/,
  });
});

test("two that contradict are refused; two kinds of names of one disk are not", () => {
  const told = (...was: readonly string[]) =>
    toldNames(
      { disks, storage },
      was.map((text) => ({ spec: text.split("=")[0] ?? "", disk: text.split("=")[1] ?? "" })),
    );
  for (const [one, two] of [
    ["/dev/sda=1", "/dev/sda=2"],
    ["/dev/sda1=1", "/dev/sda=2"],
    ["/dev/sda=1", "/dev/sdb=1"],
  ] as const)
    assert.throws(() => told(one, two), { code: "was-wrong" }, `${one} ${two}`);
  assert.equal(told("/dev/sda=1", "/dev/sdb=2").length, 2);
  assert.equal(told("/dev/sda=1", "/dev/sda2=1").length, 2);
  assert.equal(told("/dev/sda=1", "/dev/disk/by-id/ata-X=1").length, 2);
});
