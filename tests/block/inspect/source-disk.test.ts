// SPDX-License-Identifier: Apache-2.0
// What may be a source disk, and what is refused, with which words.
import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type SourceDisk, UserError } from "../../../src/core/index.ts";
import { openSourceDisk } from "../../../src/inspect/storage/index.ts";
import { refuseInUse } from "../../../src/inspect/machine/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { temporary } from "../../support/temporary.ts";
import { graphOf } from "../../support/disks/graphs.ts";

const MIB = 2 ** 20;

async function refusal(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.area, "source");
    assert.ok(error.advice.length > 10);
    return `${error.code}: ${error.message}`;
  }
  return "";
}

test("openSourceDisk() says plainly why something is not a disk", async (t) => {
  const directory = await temporary(t);
  const at = (name: string): string => join(directory, name);
  await writeFile(at("empty"), "");
  await writeFile(at("odd"), Buffer.alloc(1000));
  await writeFile(at("qcow2"), Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(508)]));
  await run(["mkfifo", at("pipe")]);
  assert.match(await refusal(openSourceDisk(at("none"), 1)), /^source-missing: There is no .*none$/);
  assert.match(await refusal(openSourceDisk(at("odd/below"), 1)), /^source-missing/);
  assert.match(await refusal(openSourceDisk(at("empty"), 1)), /^image-empty/);
  assert.match(await refusal(openSourceDisk(at("odd"), 1)), /^image-odd-size: .*1000 bytes/);
  assert.match(await refusal(openSourceDisk(at("qcow2"), 1)), /^image-not-raw: .*QCOW2/);
  assert.match(await refusal(openSourceDisk(directory, 1)), /^source-not-a-disk/);
  assert.match(await refusal(openSourceDisk(at("pipe"), 1)), /^source-not-a-disk/);
  assert.match(await refusal(openSourceDisk("/dev/null", 1)), /^source-not-a-disk/);
});

test("a device that nobody can open is said so, with its kernel's words", async (t) => {
  const path = join(await temporary(t), "dead");
  await run(["mknod", path, "b", "60", "0"]); // for local use (Documentation/admin-guide/devices.txt): no driver answers
  assert.match(
    await refusal(openSourceDisk(path, 1)),
    /^source-unreadable: .*dead cannot be opened: .*cannot open/,
  );
});

test("a file another user may not read is refused with advice", {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "secret.img");
  await writeFile(path, Buffer.alloc(512), { mode: 0o600 });
  await run(["chmod", "755", directory]);
  const script = `import { openSourceDisk } from ${JSON.stringify(new URL("../../../src/inspect/storage/index.ts", import.meta.url).href)};
    process.setgid(65534); process.setgroups([]); process.setuid(65534);
    await openSourceDisk(${JSON.stringify(path)}, 1).catch((error) => console.log(error.area, error.code));`;
  const { stdout } = await run([process.execPath, "--input-type=module-typescript", "--eval", script]);
  assert.equal(stdout.trim(), "source source-no-permission");
});

test("a truncated image is told with the partition and the bytes that are missing", async (t) => {
  await using disk = await makeDisk({
    table: "gpt",
    partitions: [
      { sizeMb: 4, fs: "ext4" },
      { sizeMb: 8, fs: "ext4" },
    ],
  });
  await truncate(disk.path, 6 * MIB);
  const message = await refusal(graphOf(t, disk.path));
  assert.match(
    message,
    /^image-truncated: .*partition 2 ends at byte 13631488: 7340032 bytes \(7\.0 MiB\) are missing/,
  );
});

test("a disk is refused while it, or a part of it, is mounted, and when its image is attached writable", async (t) => {
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4" }] });
  const { start, end } = disk.partitions[0] ?? { start: 0, end: 0 };
  const image = await openSourceDisk(disk.path, 1);
  await refuseInUse([image]);
  {
    await using readOnly = await attachLoop(disk.path, {
      offset: 0,
      sizeBytes: disk.sizeBytes,
      readOnly: true,
    });
    t.diagnostic(`${readOnly.path} is read-only`);
    await refuseInUse([image]);
  }
  {
    await using loop = await attachLoop(disk.path, {
      offset: start,
      sizeBytes: end - start,
      readOnly: false,
    });
    assert.match(
      await refusal(refuseInUse([image])),
      /^source-in-use: .* is attached as \/dev\/loop\d+, writable/,
    );
    const device = await openSourceDisk(loop.path, 1);
    await refuseInUse([device]);
    await using mounted = await mount(loop.path, join(disk.directory, "p2v-m"), {
      type: "ext4",
      options: [],
    });
    assert.match(
      await refusal(refuseInUse([device])),
      new RegExp(`^source-in-use: .*${loop.path} is mounted on ${mounted.path}`),
    );
  }
  await refuseInUse([image]);
  await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
  await run(["partx", "--add", loop.path]);
  try {
    const device = await openSourceDisk(loop.path, 1);
    await refuseInUse([device]);
    const partition = `${loop.path}p1`;
    await using mounted = await mount(partition, join(disk.directory, "p2v-m"), {
      type: "ext4",
      options: ["ro"],
    });
    const expected = `^source-in-use: ${loop.path} \\(${partition}\\) is mounted on ${mounted.path}`;
    assert.match(await refusal(refuseInUse([device])), new RegExp(expected));
  } finally {
    await run(["partx", "--delete", loop.path]);
  }
});

test("a disk is refused while it swaps", async (t) => {
  await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "swap" }] });
  await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
  const on = await run(["swapon", loop.path], { allowCodes: [255] });
  if (on.code !== 0) return t.skip(`swapon: ${on.stderr.trim()}`);
  try {
    const device: SourceDisk = await openSourceDisk(loop.path, 1);
    assert.match(await refusal(refuseInUse([device])), /^source-in-use: .* is used as swap/);
  } finally {
    await run(["swapoff", loop.path]);
  }
});
