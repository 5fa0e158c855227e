// SPDX-License-Identifier: Apache-2.0
// What real devices hold, as the live machine is asked: blkid's probe of disks, partitions, damaged and absent ones.
import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Contents,
  holdsOf,
  partitionOf,
  readContents,
  tableOf,
} from "../../../src/inspect/machine/disks/contents.ts";
import { devicesInUse } from "../../../src/inspect/machine/index.ts";
import { sysrootOf } from "../../../src/inspect/machine/sysroot.ts";
import { attachLoop, memoryView, mount, run } from "../../../src/system/index.ts";
import { temporary } from "../../support/temporary.ts";

const skip = process.getuid?.() === 0 ? false : "loop devices need root";
const signal = AbortSignal.timeout(120_000);
const live = sysrootOf(memoryView({}), { live: true });
const MIB = 2 ** 20;

const look = (path: string): Promise<Contents> => readContents(live, { path, properties: null }, { signal });

async function image(directory: string, name: string, sizeBytes: number): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, "");
  await truncate(path, sizeBytes);
  return path;
}

test("readContents() tells table, type and active flag of an MBR's partitions", { skip }, async (t) => {
  const path = await image(await temporary(t), "mbr.img", 40 * MIB);
  await run(["sfdisk", "--quiet", path], {
    input: "label: dos\nstart=2048, size=20480, type=83, bootable\nsize=20480, type=82\n",
  });
  await using loop = await attachLoop(path, { offset: 0, sizeBytes: 40 * MIB, readOnly: false, signal });
  await run(["partx", "--add", loop.path]);
  try {
    await run([
      "mkfs.ext4",
      "-q",
      "-L",
      "my disk",
      "-U",
      "11111111-2222-4333-8444-555555555555",
      `${loop.path}p1`,
    ]);
    await run(["mkswap", "-q", "-U", "22222222-2222-4222-8222-222222222222", `${loop.path}p2`]);
    const disk = await look(loop.path);
    assert.equal(tableOf(disk), "mbr");
    assert.equal(holdsOf(disk, null), null);
    const [first, second] = [await look(`${loop.path}p1`), await look(`${loop.path}p2`)];
    const { uuid, ...entry } = partitionOf(first);
    assert.deepEqual(entry, { type: "83", bootable: true });
    assert.match(uuid ?? "", /^[0-9a-f]{8}-01$/);
    assert.equal(partitionOf(second).bootable, false);
    assert.deepEqual(holdsOf(first, "83"), {
      kind: "filesystem",
      type: "ext4",
      uuid: "11111111-2222-4333-8444-555555555555",
      label: "my disk",
    });
    assert.deepEqual(holdsOf(second, "82"), {
      kind: "swap",
      uuid: "22222222-2222-4222-8222-222222222222",
      label: null,
      hibernated: false,
    });
  } finally {
    await run(["partx", "--delete", loop.path]);
  }
});

test("readContents() tells a GPT and its types in upper case", { skip }, async (t) => {
  const path = await image(await temporary(t), "gpt.img", 40 * MIB);
  await run(["sfdisk", "--quiet", path], {
    input: "label: gpt\nsize=8192, type=U\nsize=8192, attrs=LegacyBIOSBootable\n",
  });
  await using loop = await attachLoop(path, { offset: 0, sizeBytes: 40 * MIB, readOnly: true, signal });
  await run(["partx", "--add", loop.path]);
  try {
    assert.equal(tableOf(await look(loop.path)), "gpt");
    const [first, second] = [await look(`${loop.path}p1`), await look(`${loop.path}p2`)];
    assert.equal(partitionOf(first).type, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
    assert.deepEqual([partitionOf(first).bootable, partitionOf(second).bootable], [false, true]);
    assert.deepEqual(holdsOf(first, "83"), {
      kind: "opaque",
      why: "no known content",
      content: "none-known",
    });
  } finally {
    await run(["partx", "--delete", loop.path]);
  }
});

test("readContents() knows an empty disk from one that is not there", { skip }, async (t) => {
  const directory = await temporary(t);
  const path = await image(directory, "empty.img", 4 * MIB);
  await using loop = await attachLoop(path, { offset: 0, sizeBytes: 4 * MIB, readOnly: true, signal });
  const empty = await look(loop.path);
  assert.equal(tableOf(empty), "none");
  assert.equal(holdsOf(empty, null)?.kind, "opaque");
  const absent = await look(join(directory, "absent"));
  assert.deepEqual(absent, { kind: "unknown", why: `${join(directory, "absent")} is not there` });
});

test("devicesInUse() names a mounted loop device until it is unmounted", { skip }, async (t) => {
  const directory = await temporary(t);
  const path = await image(directory, "fs.img", 8 * MIB);
  await run(["mkfs.ext4", "-q", path]);
  await using loop = await attachLoop(path, { offset: 0, sizeBytes: 8 * MIB, readOnly: true, signal });
  {
    await using mounted = await mount(loop.path, join(directory, "mnt"), {
      type: "ext4",
      options: ["ro"],
      signal,
    });
    assert.equal((await devicesInUse()).get(loop.path)?.where, mounted.path);
  }
  assert.equal((await devicesInUse()).get(loop.path), undefined);
});
