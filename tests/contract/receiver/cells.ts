// SPDX-License-Identifier: Apache-2.0
// Cells, zeros, hashes and the end of a disk.
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import type { Bench, Check } from "./bench.ts";
import { bye, data, hello, type Head, message, MIB, open, type Peer, rootOf, sha256, SIZE } from "./peer.ts";

const END = Buffer.alloc(512, "end");
const ZEROS = Buffer.alloc(MIB);
/** Blocks of zeros between others. */
const HOLED = Buffer.alloc(MIB);
for (let at = 0; at < MIB; at += 262_144) HOLED.fill(`block ${at} `, at, at + 65_536);
const FULL = Buffer.alloc(MIB, "full of bytes ");

const image = (directory: string): Promise<Buffer> => readFile(join(directory, "d-1.img.partial"));

/** The entries in hex; null: not durable. */
async function entries(directory: string): Promise<(string | null)[]> {
  const bytes = await readFile(join(directory, "d-1.hashes.partial"));
  return [0, 1, 2].map((index) => {
    const entry = bytes.subarray(index * 32, index * 32 + 32).toString("hex");
    return /^0+$/.test(entry) ? null : entry;
  });
}

async function ready({ connect }: Bench, more: Head = {}): Promise<Peer> {
  const peer = connect();
  await peer.ask(hello());
  await peer.ask(open(1, more));
  return peer;
}

const typeOf = async (answer: ReturnType<Peer["ask"]>): Promise<unknown> => (await answer).head["type"];

export function cellRules(check: Check): void {
  check("keeps cells, packed or not, and says so when they are durable", async (bench) => {
    const peer = await ready(bench);
    const { directory } = bench;
    assert.equal(await typeOf(peer.ask(data(2, HOLED))), "durable");
    assert.deepEqual(await entries(directory), [sha256(HOLED), null, null]);
    const packed = { codec: "zstd", wire: zstdCompressSync(FULL), start: MIB };
    assert.equal(await typeOf(peer.ask(data(3, FULL, packed))), "durable");
    const end = { codec: "zstd", wire: zstdCompressSync(END), start: 2 * MIB };
    assert.equal(await typeOf(peer.ask(data(4, END, end))), "durable");
    assert.deepEqual(await entries(directory), [sha256(HOLED), sha256(FULL), sha256(END)]);
    assert.ok((await image(directory)).equals(Buffer.concat([HOLED, FULL, END])));
    await peer.end();
  });

  check("leaves holes where a fresh disk's cells are zero", async (bench) => {
    const peer = await ready(bench);
    const content = Buffer.alloc(MIB);
    content.fill("x", 0, 65_536);
    await peer.ask(data(2, content, { codec: "zstd", wire: zstdCompressSync(content) }));
    await peer.ask(message("zero", 3, { start: MIB, end: SIZE }));
    await peer.end();
    const { blocks } = await stat(join(bench.directory, "d-1.img.partial"));
    assert.ok(blocks * 512 <= 2 * MIB && blocks > 0, `${blocks * 512} bytes`);
    assert.deepEqual(await entries(bench.directory), [
      sha256(content),
      sha256(ZEROS),
      sha256(Buffer.alloc(512)),
    ]);
  });

  check("takes other content for a durable cell, and old bytes are gone", async (bench) => {
    const peer = await ready(bench);
    await peer.ask(data(2, FULL));
    assert.equal(await typeOf(peer.ask(data(3, HOLED))), "durable");
    assert.equal(await typeOf(peer.ask(data(4, END, { start: 2 * MIB }))), "durable");
    await peer.end();
    assert.ok((await image(bench.directory)).equals(Buffer.concat([HOLED, ZEROS, END])));
    const again = await ready(bench);
    assert.equal(await typeOf(again.ask(data(2, FULL))), "durable");
    assert.equal(await typeOf(again.ask(data(3, HOLED, { start: MIB }))), "durable");
    await again.end();
    assert.ok((await image(bench.directory)).equals(Buffer.concat([FULL, HOLED, END])));
    assert.deepEqual(await entries(bench.directory), [sha256(FULL), sha256(HOLED), sha256(END)]);
  });

  check("promises nothing of a cell that does not read back as it was sent", async (bench) => {
    const peer = await ready(bench);
    await peer.ask(data(2, FULL));
    const { head } = await peer.ask(data(3, HOLED, { sha256: "ab".repeat(32) }));
    assert.deepEqual([head["type"], head["retry"], peer.failure()], ["failed", true, "cell-differs"]);
    assert.deepEqual(await entries(bench.directory), [null, null, null], "nor of what was there before");
    assert.equal(await typeOf(peer.ask(data(4, FULL))), "durable");
    await peer.end();
    assert.ok((await image(bench.directory)).equals(Buffer.concat([FULL, ZEROS, Buffer.alloc(512)])));
  });

  for (const [what, wire] of [
    ["cannot be unpacked", Buffer.from("no zstd at all")],
    ["would unpack to 64 MiB", zstdCompressSync(Buffer.alloc(64 * MIB, "bomb "))],
    ["unpacks to a byte more", zstdCompressSync(Buffer.concat([FULL, Buffer.alloc(1)]))],
    ["unpacks to less", zstdCompressSync(FULL.subarray(1))],
    ["unpacks to less by a block", zstdCompressSync(FULL.subarray(65_536))],
  ] as const)
    check(`asks again for a cell that ${what}, and writes nothing beside it`, async (bench) => {
      const peer = await ready(bench);
      await peer.ask(data(2, HOLED, { start: MIB }));
      const { head } = await peer.ask(data(3, FULL, { codec: "zstd", wire }));
      assert.deepEqual([head["type"], head["retry"], peer.failure()], ["failed", true, "cell-damaged"]);
      assert.deepEqual(await entries(bench.directory), [null, sha256(HOLED), null]);
      assert.ok(
        (await image(bench.directory)).subarray(MIB).equals(Buffer.concat([HOLED, Buffer.alloc(512)])),
      );
      assert.equal(await typeOf(peer.ask(data(4, HOLED))), "durable");
      await peer.end();
      assert.ok((await image(bench.directory)).equals(Buffer.concat([HOLED, HOLED, Buffer.alloc(512)])));
    });

  check("asks again for the end of a disk that unpacks to another length", async (bench) => {
    const peer = await ready(bench);
    const wire = zstdCompressSync(Buffer.alloc(513, 1));
    const { head } = await peer.ask(data(2, END, { start: 2 * MIB, codec: "zstd", wire }));
    assert.deepEqual([head["retry"], peer.failure()], [true, "cell-damaged"]);
    await peer.end();
    assert.equal((await image(bench.directory)).length, SIZE);
  });

  check("makes ranges zero where bytes were, and they read back", async (bench) => {
    const peer = await ready(bench);
    for (const [seq, start] of [2, 3].entries()) await peer.ask(data(start, FULL, { start: seq * MIB }));
    await peer.ask(data(4, END, { start: 2 * MIB }));
    assert.equal(await typeOf(peer.ask(message("zero", 5, { start: MIB, end: SIZE }))), "durable");
    assert.deepEqual(await entries(bench.directory), [
      sha256(FULL),
      sha256(ZEROS),
      sha256(Buffer.alloc(512)),
    ]);
    await peer.end();
    assert.ok((await image(bench.directory)).equals(Buffer.concat([FULL, ZEROS, Buffer.alloc(512)])));
  });

  check("does not take bytes that it did not write for zero", async (bench) => {
    await (await ready(bench)).end();
    await writeFile(join(bench.directory, "d-1.img.partial"), Buffer.alloc(SIZE, "old "));
    const peer = await ready(bench);
    await peer.ask(message("zero", 2, { start: 0, end: MIB }));
    await peer.ask(data(3, HOLED, { start: MIB }));
    await peer.ask(message("zero", 4, { start: 2 * MIB, end: SIZE }));
    await peer.end();
    assert.ok((await image(bench.directory)).equals(Buffer.concat([ZEROS, HOLED, Buffer.alloc(512)])));
  });

  check("lists what is durable, in pages, and nothing behind the end", async (bench) => {
    const peer = await ready(bench);
    await peer.ask(data(2, FULL, { start: MIB }));
    const all = await peer.ask(message("list", 3, { first: 0, count: 2048 }));
    const wanted = Buffer.concat([Buffer.alloc(32), Buffer.from(sha256(FULL), "hex"), Buffer.alloc(32)]);
    assert.ok(all.payload.equals(wanted));
    const one = await peer.ask(message("list", 4, { first: 1, count: 1 }));
    assert.equal(one.payload.toString("hex"), sha256(FULL));
    assert.equal((await peer.ask(message("list", 5, { first: 3, count: 5 }))).payload.length, 0);
    await peer.end();
  });

  check("hashes any range that is asked for", async (bench) => {
    const peer = await ready(bench);
    await peer.ask(data(2, HOLED));
    await peer.ask(data(3, END, { start: 2 * MIB }));
    const whole = Buffer.concat([HOLED, ZEROS, END]);
    const ranges = [
      [0, SIZE],
      [MIB, 2 * MIB],
      [1, 2],
      [4095, 4097],
      [65_530, MIB + 3],
      [2 * MIB + 100, SIZE],
    ] as const;
    for (const [at, [start, end]] of ranges.entries()) {
      const { head } = await peer.ask(message("hash-range", 10 + at, { start, end }));
      assert.equal(head["sha256"], sha256(whole.subarray(start, end)), `${start} to ${end}`);
    }
    await peer.end();
  });

  check(
    "closes a disk whose cells are all durable, with its root hash, and opens it again",
    async (bench) => {
      const peer = await ready(bench);
      peer.say(
        data(2, HOLED),
        data(3, END, { start: 2 * MIB }),
        message("zero", 4, { start: MIB, end: 2 * MIB }),
      );
      const { head } = await peer.ask(message("close", 5));
      assert.deepEqual([head["type"], head["rootSha256"]], ["closed", rootOf(HOLED, ZEROS, END)]);
      const again = await peer.ask(open(6));
      assert.equal(again.head["kept"], true);
      assert.equal((await peer.ask(message("close", 7))).head["rootSha256"], rootOf(HOLED, ZEROS, END));
      await peer.end();
    },
  );

  check("makes durable what it has when the sender ends, or the link is cut", async (bench) => {
    for (const cut of [false, true]) {
      const peer = await ready(bench, { mode: "replace" });
      peer.say(data(2, HOLED), data(3, FULL, { start: MIB }));
      await peer.ask(message("ping", 4));
      if (cut) await peer.cut();
      else {
        peer.say(bye);
        await peer.ended();
      }
      assert.deepEqual(await entries(bench.directory), [sha256(HOLED), sha256(FULL), null]);
      assert.ok((await image(bench.directory)).equals(Buffer.concat([HOLED, FULL, Buffer.alloc(512)])));
    }
  });
}
