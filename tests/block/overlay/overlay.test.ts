// SPDX-License-Identifier: Apache-2.0
// The overlay: the source stays as it was, and what was written is all there.
import assert from "node:assert/strict";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  attachVolumes,
  bytesUsed,
  checkVolume,
  mountGuest,
  openOverlay,
} from "../../../src/overlay/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { type Range } from "../../../src/core/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { writeAt } from "../../support/disks/filesystems.ts";
import { noise } from "../../../lab/noise.ts";
import {
  graphOf,
  leavingNothing,
  never as signal,
  sha256sum,
  sourceOf,
} from "../../support/disks/overlays.ts";

for (const fs of ["ext4", "xfs"] as const)
  test(`writing to ${fs} through the overlay leaves the source as it was, and touched covers every difference`, () =>
    leavingNothing(async (storeDirectory) => {
      await using disk = await makeDisk({
        table: "mbr",
        partitions: [{ sizeMb: 64, fs, files: { "/etc/a": "old" } }],
      });
      const before = await sha256sum(disk.path);
      await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
      {
        await using volumes = await attachVolumes({
          graph: graphOf(disk),
          views: [view],
          readOnly: false,
          signal,
        });
        await using tree = await mountGuest({
          volumes,
          root: { node: "fs:1", type: fs },
          mounts: [],
          readOnly: false,
          signal,
        });
        await writeFile(join(tree.directory, "etc/a"), "new");
        await writeFile(join(tree.directory, "big"), noise("big", 3_000_000));
        assert.ok((await bytesUsed(tree.directory)) > 3_000_000);
      }
      await using sealed = await view.seal({ signal });
      assert.equal(await sha256sum(disk.path), before);
      const differences = await differingBytes(disk.path, sealed.path);
      assert.ok(differences.length > 1000);
      assert.deepEqual(outside(differences, sealed.touched), []);
      await using volumes = await attachVolumes({
        graph: graphOf(disk),
        views: [sealed],
        readOnly: true,
        signal,
      });
      await using tree = await mountGuest({
        volumes,
        root: { node: "fs:1", type: fs },
        mounts: [],
        readOnly: true,
        signal,
      });
      assert.equal(await readFile(join(tree.directory, "etc/a"), "utf8"), "new");
      assert.deepEqual(await readFile(join(tree.directory, "big")), noise("big", 3_000_000));
      await assert.rejects(writeFile(join(tree.directory, "etc/a"), "x"), { code: "EROFS" });
    }));

test("what is zeroed is zero: QEMU's export answers a punched hole with success, and keeps parts of clusters", () =>
  leavingNothing(async (storeDirectory) => {
    const content = noise("old", 2 ** 20);
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 1, fs: "none", content }] });
    await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
    await using loop = await attachLoop(view.path, { offset: 0, sizeBytes: 2 ** 20, readOnly: false });
    // On a block device this asks for zeros, by unmapping if that is a way; the loop driver punches a hole in its file.
    const punched = ["fallocate", "--punch-hole", "--offset", "4096", "--length", "204800", loop.path];
    const { code: failed } = await run(punched, { allowCodes: [1] });
    const expected = Buffer.from(content);
    if (failed === 0) expected.fill(0, 4096, 4096 + 204_800);
    await run(["blkdiscard", "--zeroout", "--offset", "524288", "--length", "4096", loop.path]);
    expected.fill(0, 524_288, 524_288 + 4096);
    await run(["blockdev", "--flushbufs", loop.path]);
    assert.ok((await readFile(loop.path)).equals(expected));
  }));

test("ext4 on an aged disk finds zeros where it zeroed blocks", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({
      table: "none",
      partitions: [{ sizeMb: 32, fs: "ext4", stale: true }],
    });
    await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
    await using loop = await attachLoop(view.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
    for (const step of ["write", "read"]) {
      const target = join(disk.directory, "p2v-mount");
      // Without delayed work, a write into a small unwritten extent zeroes the rest of it instead of splitting it.
      const options = ["nodelalloc", "dioread_lock"];
      await using mounted = await mount(loop.path, target, { type: "ext4", options, signal });
      const file = join(mounted.path, "small");
      const dd = ["dd", "if=/dev/zero", `of=${file}`, "bs=1", "count=1", "seek=9000", "conv=notrunc"];
      if (step === "write") await run(["fallocate", "--length", "32768", file]);
      if (step === "write") await run(dd);
      else assert.ok((await readFile(file)).equals(Buffer.alloc(32_768)));
    }
  }));

test("two volumes written and the view read at the same time: no write is mixed up with another", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({
      table: "mbr",
      partitions: [
        { sizeMb: 48, fs: "ext4", stale: true },
        { sizeMb: 48, fs: "xfs" },
      ],
    });
    await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
    const graph = graphOf(disk);
    const views = [view];
    const contents = new Map(
      Array.from({ length: 150 }, (_, i) => [`file-${i}`, noise(`${i}`, 1000 + 977 * i)]),
    );
    for (const step of ["write", "read"] as const) {
      await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
      const use = async (node: string): Promise<void> => {
        const root = { node, type: "auto" };
        await using tree = await mountGuest({ volumes, root, mounts: [], readOnly: false, signal });
        for (const [name, content] of contents) {
          const path = join(tree.directory, name);
          if (step === "write") await writeFile(path, content, { flush: true });
          else assert.ok((await readFile(path)).equals(content), path);
        }
        const device = await volumes.device(node);
        const name = "path" in device ? device.path.slice("/dev/".length) : "";
        assert.equal(await readFile(`/sys/block/${name}/loop/dio`, "utf8"), "0\n");
      };
      const readAll = ["dd", `if=${view.path}`, "of=/dev/null", "bs=64k", "iflag=direct", "status=none"];
      await Promise.all([use("fs:1"), use("fs:2"), run(readAll), run(readAll)]);
    }
    await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
    for (const [node, type] of [
      ["fs:1", "ext4"],
      ["fs:2", "xfs"],
    ] as const) {
      const device = await volumes.device(node);
      const check = await checkVolume({
        device: "path" in device ? device.path : "",
        type,
        replay: false,
        signal,
      });
      assert.equal(check.state, "clean", check.words);
    }
  }));

test("a layer's qcow2, laid over a raw copy of the sealed view, is what the layer showed", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 32, fs: "ext4" }] });
    await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
    await writeAt(view.path, noise("view", 100_000), 5_000_000);
    await using sealed = await view.seal({ signal });
    const copy = join(disk.directory, "copy.img");
    await copyFile(sealed.path, copy);
    await using layer = await sealed.layer({ signal });
    await writeAt(layer.path, noise("layer", 200_000), 5_050_000);
    await writeAt(layer.path, noise("end", 512), disk.sizeBytes - 512);
    const shown = await sha256sum(layer.path);
    assert.equal(await sha256sum(sealed.path), await sha256sum(copy)); // it goes on beside the layer, and is not changed
    const { qcow2Path } = await layer.finish({ signal });
    const info = JSON.parse((await run(["qemu-img", "info", "--output=json", qcow2Path])).stdout) as Record<
      string,
      unknown
    >;
    assert.equal(info["backing-filename"], undefined);
    assert.equal(info["cluster-size"], 65_536);
    assert.ok(Number(info["actual-size"]) < 1_000_000);
    const laid = join(disk.directory, "laid.img");
    await copyFile(qcow2Path, join(disk.directory, "laid.qcow2"));
    await run(["qemu-img", "rebase", "-u", "-F", "raw", "-b", copy, join(disk.directory, "laid.qcow2")]);
    await run(["qemu-img", "convert", "-O", "raw", join(disk.directory, "laid.qcow2"), laid]);
    assert.equal(await sha256sum(laid), shown);
    await using second = await sealed.layer({ signal });
    assert.equal(await sha256sum(second.path), await sha256sum(copy));
  }));

test("the guest's tree is mounted in order of depth, links stay inside, and what cannot be mounted is said", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await makeDisk({
      table: "mbr",
      partitions: [
        {
          sizeMb: 32,
          fs: "ext4",
          files: {
            "/real/efi-is-below": "",
            "/boot": { link: "/real" },
            "/out": { link: "../../../../tmp" },
          },
        },
        { sizeMb: 16, fs: "ext2", files: { "/efi/keep": "", "/vmlinuz": "kernel" } },
        { sizeMb: 16, fs: "ext4", files: { "/loader": "x" } },
      ],
    });
    await using view = await openOverlay(sourceOf(disk), { storeDirectory, signal });
    await using volumes = await attachVolumes({
      graph: graphOf(disk),
      views: [view],
      readOnly: false,
      signal,
    });
    const mount = (path: string, node: string | null) => ({
      path,
      node,
      type: "auto",
      options: "defaults,user_xattr",
    });
    await using tree = await mountGuest({
      volumes,
      root: { node: "fs:1", type: "ext4" },
      mounts: [
        mount("/boot/efi", "fs:3"),
        mount("/", "fs:1"),
        mount("/out", "fs:3"),
        mount("/boot", "fs:2"),
        mount("/srv", null),
      ],
      readOnly: false,
      signal,
    });
    assert.equal(await readFile(join(tree.directory, "real/vmlinuz"), "utf8"), "kernel");
    assert.equal(await readFile(join(tree.directory, "real/efi/loader"), "utf8"), "x");
    assert.deepEqual(
      tree.skipped.map(({ path }) => path),
      ["/out", "/srv"],
    );
    const table = await readFile("/proc/self/mountinfo", "utf8");
    for (const line of table.split("\n").filter((one) => one.includes(tree.directory)))
      assert.doesNotMatch(line, /shared:/);
    const device = await volumes.device("part:1");
    assert.deepEqual(device, await volumes.device("fs:1")); // never two loop devices over the same bytes
    assert.ok("unavailable" in (await volumes.device("image:1")));
  }));

async function differingBytes(a: string, b: string): Promise<number[]> {
  const { stdout } = await run(["cmp", "--verbose", a, b], { allowCodes: [1], maxOutputBytes: 2 ** 28 });
  const offsets: number[] = [];
  for (const line of stdout.split("\n")) if (line !== "") offsets.push(Number.parseInt(line, 10) - 1);
  return offsets;
}

/** The offsets that lie in none of the ranges (normal); both ascend. */
function outside(offsets: readonly number[], ranges: readonly Range[]): number[] {
  let at = 0;
  return offsets.filter((offset) => {
    while ((ranges[at]?.end ?? Infinity) <= offset) at += 1;
    return offset < (ranges[at]?.start ?? Infinity);
  });
}
