// SPDX-License-Identifier: Apache-2.0
// virt-p2v convert on the demo machine's disk: above it, in it, and back. Both trees are walked from outside.
import assert from "node:assert/strict";
import { appendFile, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { contiguousExtent } from "../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../src/inspect/index.ts";
import type { Conversion } from "../../src/job/conversion/record.ts";
import { attachLoop, mount, run } from "../../src/system/index.ts";
import { cli, leftovers } from "../support/cli.ts";
import { DEMO_UUIDS } from "../../lab/demo/files.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { sha256sum } from "../support/disks/overlays.ts";
import { readTree, treeDifferences } from "../support/guests/trees.ts";
import { temporary } from "../support/temporary.ts";

test("conversion alone: above the image, in it, and every file back", { timeout: 20 * 60_000 }, async (t) => {
  const { signal } = t;
  const directory = await temporary(t);
  const image = join(directory, "server.img");
  const demo = await demoDisk({ signal, onProgress: (text) => t.diagnostic(text) });
  await run(["cp", "--sparse=always", "--reflink=auto", demo, image], { timeoutMs: 300_000 });
  const { graph } = await readDiskGraph([await openSourceDisk(image, 1)], { signal });
  const node = graph.nodes.find(({ holds }) => holds.kind === "filesystem" && holds.uuid === DEMO_UUIDS.root);
  const extent = contiguousExtent(graph, node?.id ?? "");
  assert.ok(extent.kind === "extent");
  const root = { start: extent.start, end: extent.end, type: "ext4" };
  const before = await readTree(image, root);
  const ok = async (...args: readonly string[]): Promise<string> => {
    const ended = await cli(["convert", ...args], { timeoutMs: 600_000 });
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(await leftovers(), []);
    return ended.stdout;
  };
  const record = async (kept: string): Promise<Conversion> =>
    JSON.parse(await readFile(join(kept, "conversion.json"), "utf8")) as Conversion;
  const paths = ({ changes }: Conversion): readonly string[] => changes.map(({ path }) => path).toSorted();

  await t.test(
    "above: the image stays as it is, and the overlay file has the changes and no others",
    async () => {
      const hash = await sha256sum(image);
      const overlay = join(directory, "server.qcow2");
      const kept = join(directory, "above");
      await ok(image, "--overlay", overlay, "--keep", kept, "--only", "fstab", "--only", "grub");
      assert.equal(await sha256sum(image), hash);
      const conversion = await record(kept);
      assert.deepEqual(new Set(conversion.changes.map(({ step }) => step)), new Set(["fstab", "grub"]));
      const flat = join(directory, "flat.img");
      await run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay, flat], { timeoutMs: 300_000 });
      assert.deepEqual(treeDifferences(before, await readTree(flat, root)), paths(conversion));
      await rm(flat);
      const again = await cli(["convert", image, "--overlay", overlay, "--keep", join(directory, "other")]);
      assert.equal(again.code, 5);
      assert.match(again.stderr, /is there already/);
    },
  );

  const kept = `${image}.conversion`;
  await t.test("in place: all changes are in the image, and a second conversion proposes none", async () => {
    await ok(image, "--in-place", "--yes");
    const conversion = await record(kept);
    assert.ok(conversion.changes.some(({ step }) => step === "initramfs"));
    const differing = treeDifferences(before, await readTree(image, root));
    // Directories that were made for new files.
    assert.deepEqual(
      differing.filter((path) => !paths(conversion).some((one) => one.startsWith(`${path}/`))),
      paths(conversion),
    );
    assert.equal((await stat(kept)).mode & 0o777, 0o700);
    const plan = JSON.parse(await ok(image, "--json")) as { changes: readonly unknown[] };
    assert.deepEqual(plan.changes, []);
  });

  await t.test("back, of images that lie elsewhere by now: nothing differs from before", async () => {
    const moved = join(directory, "moved.img");
    await rename(image, moved);
    const gone = await cli(["convert", "--undo", kept, "--yes"]);
    assert.match(gone.stderr, /There is no .*server\.img/);
    assert.match((await cli(["convert", "--undo", kept, moved, moved, "--yes"])).stderr, /2 images for a/);
    await ok("--undo", kept, moved, "--yes");
    const twice = await cli(["convert", "--undo", kept, moved, "--yes"], { timeoutMs: 300_000 });
    assert.match(twice.stderr, /undone already/);
    assert.deepEqual(treeDifferences(before, await readTree(moved, root)), []);
    await rename(moved, image);
    await rm(kept, { recursive: true });
    await ok(image, "--in-place", "--yes");
  });

  await t.test("back: what was changed since is named and left, all else is as before", async () => {
    {
      await using loop = await attachLoop(image, {
        offset: root.start,
        sizeBytes: root.end - root.start,
        readOnly: false,
      });
      await using tree = await mount(loop.path, join(directory, "mnt"), { type: "ext4", options: [] });
      await appendFile(join(tree.path, "etc/fstab"), "# the VM's administrator was here\n");
    }
    const refused = await cli(["convert", "--undo", kept, "--yes"], { timeoutMs: 300_000 });
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /not as the conversion left them: \/etc\/fstab/);
    const text = await ok("--undo", kept, "--yes", "--force");
    assert.match(text, /changed since: \/etc\/fstab/);
    assert.deepEqual(treeDifferences(before, await readTree(image, root)), ["/etc/fstab"]);
  });

  await t.test("what makes no sense is refused with the near word", async () => {
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { code, stderr } = await cli(["convert", ...args]);
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await refused(image, "--only", "initram"), /no conversion step "initram"[^]*initramfs/);
    assert.match(await refused(image, "--in-place", "--overlay", "x"), /exclude each other/);
    assert.match(await refused(), /needs an IMAGE/);
    await using loop = await attachLoop(image, { offset: 0, sizeBytes: 6 * 2 ** 30, readOnly: true });
    assert.match(await refused(loop.path, "--in-place", "--yes"), /only images are changed in place/);
    assert.match(await refused("--undo", directory), /There is no .*conversion\.json/);
    assert.match(await refused("--undo", join(directory, "above"), "--yes"), /never changed/);
  });
});
