// SPDX-License-Identifier: Apache-2.0
// A run that is killed leaves mounts, loop devices and daemons; the next start takes them down, and no living run's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { attachVolumes, cleanLeftovers, mountGuest, openOverlay } from "../../../src/overlay/index.ts";
import { attachLoop, makeRunDirectory, run } from "../../../src/system/index.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { graphOf, leavingNothing, never as signal, sourceOf } from "../../support/disks/overlays.ts";
import { temporary } from "../../support/temporary.ts";

/** Opens everything there is on a disk, says "ready", and waits to be killed. */
const CHILD = `
  const [, source, graph, device] = process.argv;
  const { openOverlay, attachVolumes, mountGuest } = await import(new URL("overlay/index.ts", process.env.P2V_SRC));
  const { startProof } = await import(new URL("proof/index.ts", process.env.P2V_SRC));
  const { mkdir, writeFile } = await import("node:fs/promises");
  const signal = new AbortController().signal;
  const storeDirectory = process.env.TMPDIR + "/p2v-run-x/overlay-1"; // as the job does: no owner file above it
  await mkdir(storeDirectory, { recursive: true });
  const proof = await startProof({ disks: [JSON.parse(device)], level: "counters", signal, emit() {} });
  const view = await openOverlay(JSON.parse(source), { storeDirectory, signal });
  const volumes = await attachVolumes({ graph: JSON.parse(graph), views: [view], readOnly: false, signal });
  const tree = await mountGuest({ volumes, root: { node: "fs:1", type: "ext4" }, mounts: [], readOnly: false, signal });
  const other = await attachVolumes({ graph: JSON.parse(graph), views: [{ disk: view.disk, path: view.disk.path }], readOnly: true, signal });
  await other.device("fs:2");
  await writeFile(tree.directory + "/file", "x");
  console.log("ready");
  setInterval(() => {}, 1000);
`;

test("what a killed run left is taken down, in order; a living run and foreign files stay", () =>
  leavingNothing(async (directory) => {
    await using disk = await makeDisk({
      table: "mbr",
      partitions: [
        { sizeMb: 16, fs: "ext4" },
        { sizeMb: 8, fs: "ext2" },
      ],
    });
    await using sourceLoop = await attachLoop(disk.path, { offset: 0, sizeBytes: 2 ** 20, readOnly: true });
    await using second = await makeDisk({ table: "none", partitions: [{ sizeMb: 4, fs: "ext2" }] });
    await using device = await attachLoop(second.path, {
      offset: 0,
      sizeBytes: second.sizeBytes,
      readOnly: false,
    });
    const deviceSource = { ...sourceOf(second), number: 2, kind: "device", path: device.path };
    const argv = [
      "--input-type=module",
      "--eval",
      CHILD,
      ...[sourceOf(disk), graphOf(disk), deviceSource].map((value) => JSON.stringify(value)),
    ];
    const child = spawn(process.execPath, argv, {
      env: { ...process.env, P2V_SRC: new URL("../../../src/", import.meta.url).href },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [first] = await child.stdout.take(1).toArray();
      assert.equal(String(first).trim(), "ready");
    } finally {
      child.kill("SIGKILL");
    }
    await new Promise((resolve) => child.once("close", resolve));
    assert.equal((await run(["blockdev", "--getro", device.path])).stdout, "1\n");

    await using living = await makeRunDirectory("living");
    await using view = await openOverlay(sourceOf(disk), { storeDirectory: living.path, signal });
    await using volumes = await attachVolumes({
      graph: graphOf(disk),
      views: [view],
      readOnly: false,
      signal,
    });
    await using tree = await mountGuest({
      volumes,
      root: { node: "fs:1", type: "ext4" },
      mounts: [],
      readOnly: false,
      signal,
    });

    const removed = await cleanLeftovers();
    assert.deepEqual(
      removed
        .map((path) => path.slice(directory.length))
        .map((path) => path.replace(/-\w{6}$/, ""))
        .toSorted(),
      ["/p2v-guest", "/p2v-proof", "/p2v-run-x/overlay-1/p2v-overlay", "/p2v-volumes", "/p2v-volumes"],
    );
    assert.equal((await run(["blockdev", "--getro", device.path])).stdout, "0\n");
    const loops = (await run(["losetup", "--associated", disk.path])).stdout.trim().split("\n");
    assert.equal(loops.length, 1, loops.join()); // ours above; the dead run's is gone
    assert.ok(loops[0]?.startsWith(`${sourceLoop.path}:`));
    await writeFile(join(tree.directory, "still-alive"), "x");
    assert.ok((await readdir(tree.directory)).includes("still-alive"));
    assert.deepEqual(await cleanLeftovers(), []);
    await run(["rmdir", `${directory}/p2v-run-x/overlay-1`, `${directory}/p2v-run-x`]);
  }));

test("directories that say nothing, or nonsense, of their owner are left alone", () =>
  leavingNothing(async (directory) => {
    await run(["mkdir", "-p", `${directory}/p2v-a`, `${directory}/p2v-b`]);
    await writeFile(`${directory}/p2v-b/owner`, "{half");
    assert.deepEqual(await cleanLeftovers(), []);
    assert.deepEqual((await readdir(directory)).toSorted(), ["p2v-a", "p2v-b"]);
    await run(["rm", "-r", `${directory}/p2v-a`, `${directory}/p2v-b`]);
  }));

test("a loop device that somebody else has detached is detached", async (t) => {
  const path = join(await temporary(t), "file");
  await writeFile(path, Buffer.alloc(2 ** 20));
  const loop = await attachLoop(path, { offset: 0, sizeBytes: 2 ** 20, readOnly: true });
  await run(["losetup", "--detach", loop.path]);
  await loop[Symbol.asyncDispose]();
});
