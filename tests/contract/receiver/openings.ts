// SPDX-License-Identifier: Apache-2.0
// What becomes of the files that are there.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import type { Bench, Check } from "./bench.ts";
import { data, hello, type Head, MIB, open, type Peer, sha256, SIZE } from "./peer.ts";

const IMAGE = "d-1.img.partial";
const HASHES = "d-1.hashes.partial";
const CONTENT = Buffer.alloc(MIB, "content");

async function greeted({ connect }: Pick<Bench, "connect">, more: Head = {}): Promise<Peer> {
  const peer = connect();
  await peer.ask(hello(more));
  return peer;
}

/** One durable cell. */
async function leaveWork(bench: Bench): Promise<void> {
  const peer = await greeted(bench);
  await peer.ask(open(1));
  await peer.ask(data(2, CONTENT));
  await peer.end();
}

/** Opens and ends; gives the answer. */
async function opened(bench: Bench, more: Head = {}): Promise<Head> {
  const peer = await greeted(bench);
  const { head } = await peer.ask(open(1, more));
  await peer.end();
  return head["type"] === "failed" ? { failed: peer.failure() } : { kept: head["kept"] };
}

export function openingRules(check: Check): void {
  check("makes both files, sparse and private", async (bench) => {
    assert.deepEqual(await opened(bench, { mode: "new" }), { kept: false });
    assert.deepEqual((await readdir(bench.directory)).toSorted(), [HASHES, IMAGE]);
    const image = await stat(join(bench.directory, IMAGE));
    const hashes = await stat(join(bench.directory, HASHES));
    assert.deepEqual([image.size, hashes.size], [SIZE, 96]);
    assert.deepEqual([image.mode & 0o777, hashes.mode & 0o777], [0o600, 0o600]);
    assert.equal(image.blocks, 0);
  });

  check("with `resume` goes on with what is there", async (bench) => {
    await leaveWork(bench);
    assert.deepEqual(await opened(bench), { kept: true });
    const hashes = await readFile(join(bench.directory, HASHES));
    assert.equal(hashes.subarray(0, 32).toString("hex"), sha256(CONTENT));
    assert.ok((await readFile(join(bench.directory, IMAGE))).subarray(0, MIB).equals(CONTENT));
  });

  check("with `resume` makes anew what is of another size, or absent", async (bench) => {
    const { directory } = bench;
    for (const spoil of [
      () => truncate(join(directory, IMAGE), SIZE - 1),
      () => run(["rm", join(directory, IMAGE)]),
    ]) {
      await leaveWork(bench);
      await spoil();
      assert.deepEqual(await opened(bench), { kept: false });
      assert.ok((await readFile(join(directory, IMAGE))).equals(Buffer.alloc(SIZE)));
      assert.ok((await readFile(join(directory, HASHES))).equals(Buffer.alloc(96)));
    }
  });

  check("with `resume` trusts no hashes of another length, and no absent ones", async (bench) => {
    const { directory } = bench;
    for (const spoil of [
      () => truncate(join(directory, HASHES), 64),
      () => run(["rm", join(directory, HASHES)]),
    ]) {
      await leaveWork(bench);
      await spoil();
      assert.deepEqual(await opened(bench), { kept: true });
      assert.ok((await readFile(join(directory, HASHES))).equals(Buffer.alloc(96)));
    }
  });

  check("with `new` refuses an image that is there, with `replace` makes it anew", async (bench) => {
    await leaveWork(bench);
    assert.deepEqual(await opened(bench, { mode: "new" }), { failed: "destination-exists" });
    const image = join(bench.directory, IMAGE);
    assert.ok((await readFile(image)).subarray(0, MIB).equals(CONTENT), "it is as it was");
    assert.deepEqual(await opened(bench, { mode: "replace" }), { kept: false });
    assert.ok((await readFile(image)).equals(Buffer.alloc(SIZE)));
  });

  check("touches no finished image", async (bench) => {
    await writeFile(join(bench.directory, "d-1.img"), "finished");
    await writeFile(join(bench.directory, "d-1.hashes"), "finished");
    for (const mode of ["new", "replace", "resume"]) await opened(bench, { mode });
    assert.equal(await readFile(join(bench.directory, "d-1.img"), "utf8"), "finished");
    assert.equal(await readFile(join(bench.directory, "d-1.hashes"), "utf8"), "finished");
  });

  check("follows no link, and overwrites nothing that is not a file", async (bench) => {
    const { above, directory } = bench;
    const secret = join(above, "secret");
    await writeFile(secret, "secret");
    for (const name of [IMAGE, HASHES])
      for (const put of [
        () => symlink(secret, join(directory, name)),
        () => symlink("/dev/null", join(directory, name)),
        () => mkdir(join(directory, name)),
        () => run(["mkfifo", join(directory, name)]),
      ]) {
        await leaveWork(bench);
        await run(["rm", join(directory, name)]);
        await put();
        assert.deepEqual(await opened(bench), { failed: "destination-no-file" }, name);
        await run(["rm", "-r", "--", ...[IMAGE, HASHES].map((file) => join(directory, file))]);
      }
    assert.equal(await readFile(secret, "utf8"), "secret");
  });

  check("with `replace` takes away a link, not what it leads to, and no directory", async (bench) => {
    const { above, directory } = bench;
    const secret = join(above, "secret");
    await writeFile(secret, "secret");
    for (const name of [IMAGE, HASHES]) await symlink(secret, join(directory, name));
    assert.deepEqual(await opened(bench, { mode: "replace" }), { kept: false });
    assert.equal(await readFile(secret, "utf8"), "secret");
    assert.ok((await stat(join(directory, IMAGE))).isFile());
    await run(["rm", join(directory, IMAGE)]);
    await mkdir(join(directory, IMAGE));
    assert.deepEqual(await opened(bench, { mode: "replace" }), { failed: "destination-no-file" });
  });

  check("lets a further lane open what the first has opened, and nothing else", async (bench) => {
    const first = await greeted(bench, { lanes: 2 });
    const lane = await greeted(bench, { lane: 1, lanes: 2 });
    assert.equal((await lane.ask(open(1, { join: true, mode: "new" }))).head["type"], "failed");
    await lane.end();
    assert.equal(lane.failure(), "destination-gone");
    await first.ask(open(1));
    for (const [more, wanted] of [
      [{ mode: "new" }, { kept: false }],
      [{ mode: "resume" }, { kept: true }],
      [{ mode: "new", sizeBytes: SIZE + MIB }, { failed: "destination-changed" }],
    ] as const) {
      const next = await greeted(bench, { lane: 1, lanes: 2 });
      const { head } = await next.ask(open(1, { join: true, ...more }));
      await next.end();
      assert.deepEqual(
        head["type"] === "failed" ? { failed: next.failure() } : { kept: head["kept"] },
        wanted,
      );
    }
    assert.equal((await first.ask(data(2, CONTENT))).head["type"], "durable");
    await first.end();
  });
}
