// SPDX-License-Identifier: Apache-2.0
// A disk in use is copied ahead, and a migration goes on from there: a loop device with partitions, mounted and written to.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/system/index.ts";
import { cli } from "../../support/cli.ts";
import { copyLive, type FsType, liveServer, migrate, words } from "../../support/live-server.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

/** Read-only, as it lies on the disk: nothing is replayed. */
const AS_IT_IS: Readonly<Record<FsType, string>> = { ext4: "ro,noload", xfs: "ro,norecovery,nouuid" };

for (const type of ["ext4", "xfs"] as const)
  test(`a disk with a mounted ${type} is copied ahead twice, and the migration sends only what changed since`, async (t) => {
    await using source = await liveServer(t, type);
    const { device, mounted, unmount } = source;
    const to = await temporary(t);
    await writeFile(join(mounted, "base"), randomBytes(48 * MIB));
    await run(["sync", "--file-system", mounted]);
    const [first] = await copyLive(device, to);
    // XFS writes its maps when it likes, within a minute: only the migration is sure to see all of it.
    const isPrompt = type === "ext4";
    assert.ok(!isPrompt || (first?.sentBytes ?? 0) > 48 * MIB);
    assert.ok((first?.usedBytes ?? 0) < 100 * MIB, "an open journal does not make all of it used");

    await writeFile(join(mounted, "base"), randomBytes(4 * MIB), { flag: "r+" }); // in place
    await writeFile(join(mounted, "new"), randomBytes(4 * MIB));
    await run(["sync", "--file-system", mounted]);
    const [second] = await copyLive(device, to);
    assert.ok(
      !isPrompt || (second?.sentBytes ?? 0) > 8 * MIB,
      "what was written through the partition is seen",
    );
    assert.ok(!isPrompt || (second?.sentBytes ?? 0) < 30 * MIB, "and what was not is not sent again");

    const files = await readdir(join(to, "vm"));
    assert.deepEqual(files.toSorted(), ["vm-1.hashes.partial", "vm-1.img.partial"]);
    assert.equal((await cli(["verify", join(to, "vm")])).code, 8);
    const defined = await cli(["host", "define", "vm", "--to", `dir:${to}`, "--yes"]);
    assert.notEqual(defined.code, 0);
    assert.doesNotMatch(defined.stderr, /\n\s+at /);

    await writeFile(join(mounted, "last"), randomBytes(MIB));
    await rm(join(mounted, "new"));
    const busy = await migrate(device, to);
    assert.equal(busy.code, 3, "a migration still wants it unused");
    await unmount();
    const ended = await migrate(device, to);
    assert.equal(ended.code, 0, ended.stderr);
    const report = JSON.parse(await readFile(join(to, "vm/report.json"), "utf8")) as {
      disks: readonly { sentBytes: number }[];
    };
    const rest = report.disks[0]?.sentBytes ?? Number.POSITIVE_INFINITY;
    assert.ok(!isPrompt || rest < 30 * MIB, "the copy ahead was worth it");
    assert.equal((await cli(["verify", join(to, "vm")])).code, 0);
    const at = `offset=${MIB}`;
    const inside = await temporary(t);
    await run(["mount", "-o", `${AS_IT_IS[type]},loop,${at}`, join(to, "vm/vm-1.img"), inside]);
    await run(["mount", "-o", AS_IT_IS[type], `${device}p1`, mounted]);
    try {
      await run(["diff", "-r", mounted, inside]);
    } finally {
      for (const path of [inside, mounted]) await run(["umount", path]);
    }
  });

test("--follow ends when a pass is as short as it gets, while the server writes on", async (t) => {
  await using source = await liveServer(t);
  const { device, mounted } = source;
  const to = await temporary(t);
  await writeFile(join(mounted, "base"), randomBytes(32 * MIB));
  const over = new AbortController();
  const writer = (async () => {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      await writeFile(join(mounted, `busy-${turn % 3}`), randomBytes(MIB));
      await run(["sync", "--file-system", mounted]);
    }
  })();
  const passes = await copyLive(device, to, "--follow");
  over.abort();
  await writer;
  assert.ok(passes.length >= 2);
  assert.ok((passes.at(-1)?.sentBytes ?? 0) < (passes[0]?.sentBytes ?? 0) / 2);
});

test("copy says what it needs, and leaves a finished VM alone", async (t) => {
  await using source = await liveServer(t);
  const { device, unmount } = source;
  const to = await temporary(t);
  const asked = await cli(["copy", ...words(device, to)]);
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /--live/);
  await unmount();
  assert.equal((await migrate(device, to)).code, 0);
  const there = await cli(["copy", "--live", ...words(device, to)]);
  assert.equal(there.code, 5, there.stderr);
  assert.match(there.stderr, /holds a finished VM/);
  assert.equal((await cli(["verify", join(to, "vm")])).code, 0);
});
