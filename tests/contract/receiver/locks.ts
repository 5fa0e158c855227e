// SPDX-License-Identifier: Apache-2.0
// Hello, and who may have a directory.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import type { Check } from "./bench.ts";
import { bye, hello } from "./peer.ts";

const LOCK = ".p2v-lock";

const text = async (path: string): Promise<string> => await readFile(path, "utf8");

/** A lock that this very process holds. */
async function livingHolder(): Promise<Readonly<Record<string, unknown>>> {
  const fields = (await text("/proc/self/stat")).replace(/^.*\) /s, "").split(" ");
  const boot = (await text("/proc/sys/kernel/random/boot_id")).trim();
  return { job: "other", pid: process.pid, started: fields[19], boot, host: hostname() };
}

export function lockRules(check: Check): void {
  check("welcomes, holds the directory, and lets it go at the goodbye", async ({ directory, connect }) => {
    const peer = connect();
    const welcome = await peer.ask(hello());
    assert.equal(welcome.head["protocol"], 1);
    assert.deepEqual(await readdir(directory), [LOCK]);
    assert.equal(JSON.parse(await text(join(directory, LOCK))).job, "job-a");
    assert.equal((await stat(join(directory, LOCK))).mode & 0o777, 0o600);
    peer.say(bye);
    await peer.ended();
    assert.deepEqual(await readdir(directory), []);
  });

  check("says which protocols it speaks, where it speaks none of those", async ({ directory, connect }) => {
    const peer = connect();
    peer.say({ head: { type: "hello", protocols: [7, 8], later: true } });
    const [answer] = await peer.end();
    assert.equal(peer.failure(), "protocol-unknown");
    assert.match(JSON.stringify(answer?.head), /speaks protocol 1; the program offers 7, 8/);
    assert.deepEqual(await readdir(directory), []);
  });

  check("says that its directory is absent, or is none", async ({ above, connect }) => {
    await writeFile(join(above, "file"), "");
    for (const directory of ["/nowhere/at/all", join(above, "file")]) {
      const peer = connect({ directory });
      peer.say(hello());
      await peer.end();
      assert.equal(peer.failure(), "destination-absent");
    }
  });

  check("follows a link to its directory once, when it goes there", async ({ above, directory, connect }) => {
    const [link, other] = [join(above, "link"), join(above, "other")];
    await symlink(directory, link);
    await mkdir(other);
    const peer = connect({ directory: link });
    await peer.ask(hello());
    await run(["ln", "-sfn", other, link]);
    assert.deepEqual(await readdir(directory), [LOCK]);
    await peer.end();
    assert.deepEqual(await readdir(directory), [], "what was locked was let go, whatever the link means now");
  });

  check("keeps a second job out until the first ends, and lets further lanes in", async ({ connect }) => {
    const first = connect();
    await first.ask(hello({ lanes: 2 }));
    const second = connect();
    second.say(hello({ job: "job-b" }));
    await second.end();
    assert.equal(second.failure(), "destination-busy");
    const lane = connect();
    assert.equal((await lane.ask(hello({ lane: 1, lanes: 2 }))).head["type"], "welcome");
    const stranger = connect();
    stranger.say(hello({ job: "job-b", lane: 1, lanes: 2 }));
    await stranger.end();
    assert.equal(stranger.failure(), "destination-gone");
    await lane.end();
    await first.end();
    const later = connect();
    assert.equal((await later.ask(hello({ job: "job-b" }))).head["type"], "welcome");
    await later.end();
  });

  check("keeps out of a directory that a living process holds", async ({ directory, connect }) => {
    const holder = JSON.stringify(await livingHolder());
    await writeFile(join(directory, LOCK), holder);
    const peer = connect();
    peer.say(hello());
    await peer.end();
    assert.equal(peer.failure(), "destination-busy");
    assert.match(JSON.stringify(peer.answers), new RegExp(`process ${process.pid}`));
    assert.equal(await text(join(directory, LOCK)), holder, "and leaves its lock alone");
    assert.deepEqual(await readdir(directory), [LOCK]);
  });

  check("does not judge processes of another machine", async ({ directory, connect }) => {
    const holder = { job: "a", pid: 1, started: "1", boot: "b", host: "another-machine" };
    await writeFile(join(directory, LOCK), JSON.stringify(holder));
    const peer = connect();
    peer.say(hello());
    await peer.end();
    assert.equal(peer.failure(), "destination-busy");
  });

  check("takes over the lock of a dead process, of another boot, and a torn one", async (bench) => {
    const { directory, connect } = bench;
    const holder = await livingHolder();
    const stale: readonly (readonly [string, string])[] = [
      ["a pid that is nobody's", JSON.stringify({ ...holder, pid: 2 ** 22 + 7 })],
      ["another start", JSON.stringify({ ...holder, started: "1" })],
      ["another boot", JSON.stringify({ ...holder, boot: "another" })],
      ["half of it", JSON.stringify(holder).slice(0, 20)],
      ["nothing in it", ""],
      ["zeros, as after a crash", "\0".repeat(100)],
      ["quotes and commands", `{"job":"'\\"$(touch ran)\`touch ran\`\n`],
    ];
    for (const [what, content] of stale) {
      await writeFile(join(directory, LOCK), content);
      const peer = connect();
      const answer = await peer.ask(hello({ job: "job-b" }));
      assert.equal(answer.head["type"], "welcome", what);
      assert.equal(JSON.parse(await text(join(directory, LOCK))).job, "job-b");
      await peer.end();
      assert.deepEqual(await readdir(directory), []);
    }
  });

  check(
    "follows no link in the lock's place, and waits for no fifo",
    async ({ above, directory, connect }) => {
      const secret = join(above, "secret");
      await writeFile(secret, "secret");
      const lock = join(directory, LOCK);
      for (const put of [
        () => symlink(secret, lock),
        () => symlink("nowhere", lock),
        () => mkdir(lock),
        () => run(["mkfifo", lock]),
        () => writeFile(lock, "x".repeat(5000)),
      ]) {
        await put();
        const peer = connect();
        peer.say(hello());
        await peer.end();
        assert.equal(peer.failure(), "destination-no-file");
        assert.deepEqual(await readdir(directory), [LOCK]);
        await run(["rm", "-r", lock]);
      }
      assert.equal(await text(secret), "secret");
    },
  );

  check("lets go of the directory when its sender falls silent", async ({ directory, connect }) => {
    const peer = connect({ silenceMs: 300 });
    peer.say(hello());
    await peer.ended();
    assert.equal(peer.answers[0]?.head["type"], "welcome");
    assert.deepEqual(await readdir(directory), []);
  });
}
