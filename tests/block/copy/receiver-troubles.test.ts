// SPDX-License-Identifier: Apache-2.0
// A destination that is full, or cannot be written: every receiver says which, by the same code, and what was durable stays.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { mount, run } from "../../../src/system/index.ts";
import { data, hello, message, MIB, open, Peer, sha256 } from "../../contract/receiver/peer.ts";
import { agentServes, type Serve, shellServes } from "../../support/receivers.ts";
import { temporary } from "../../support/temporary.ts";

const RECEIVERS: readonly (readonly [string, (t: TestContext) => Promise<Serve>])[] = [
  ["an agent", () => Promise.resolve(agentServes)],
  ["dash", (t) => shellServes(t, "dash")],
  ["busybox", (t) => shellServes(t, "busybox")],
];

/** A file system of 1.5 MiB. */
const small = async (t: TestContext): ReturnType<typeof mount> =>
  await mount("p2v-small", join(await temporary(t), "small"), { type: "tmpfs", options: ["size=1536k"] });

for (const [name, make] of RECEIVERS) {
  test(`${name} says that a destination is full, and goes on when it is not`, async (t) => {
    const serve = await make(t);
    await using place = await small(t);
    const { path: directory } = place;
    const [first, second] = [randomBytes(MIB), randomBytes(MIB)];
    const peer = new Peer(serve, directory);
    await peer.ask(hello());
    await peer.ask(open(1));
    assert.equal((await peer.ask(data(2, first))).head["type"], "durable");
    assert.equal((await peer.ask(data(3, second, { start: MIB }))).head["type"], "failed");
    await peer.end();
    assert.equal(peer.failure(), "destination-full");
    await run(["mount", "-o", "remount,size=8m", directory]);
    const again = new Peer(serve, directory);
    await again.ask(hello());
    await again.ask(open(1));
    const { payload } = await again.ask(message("list", 2, { first: 0, count: 3 }));
    assert.equal(payload.toString("hex"), sha256(first) + "00".repeat(64));
    assert.equal((await again.ask(data(3, second, { start: MIB }))).head["type"], "durable");
    await again.end();
    const image = await readFile(join(directory, "d-1.img.partial"));
    assert.ok(image.equals(Buffer.concat([first, second, Buffer.alloc(512)])));
  });

  test(`${name} says that a destination is read-only`, async (t) => {
    const serve = await make(t);
    await using place = await small(t);
    const { path: directory } = place;
    await run(["mount", "-o", "remount,ro", directory]);
    const peer = new Peer(serve, directory);
    peer.say(hello());
    await peer.end();
    assert.equal(peer.failure(), "destination-read-only");
    assert.deepEqual(await readdir(directory), []);
  });
}
