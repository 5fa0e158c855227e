// SPDX-License-Identifier: Apache-2.0
// Over a real sshd and a bad line: links cut, agents killed, bytes flipped; one run of the copy outlives them all.
import assert from "node:assert/strict";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { finishDisks } from "../../src/copy/index.ts";
import type { Host, JobEvent } from "../../src/core/index.ts";
import { localHost, sshHost } from "../../src/hosts/index.ts";
import { mount, run } from "../../src/system/index.ts";
import { copy, diskAt, isError, makeSource, MIB, verify, wantedHash } from "../support/copies.ts";
import { temporary } from "../support/temporary.ts";
import { descendants, waitFor } from "../../lab/processes.ts";
import { type Proxy, startProxy } from "../support/proxy.ts";
import { startSshd } from "../../lab/sshd.ts";

const RETRY = { retryForMs: 120_000, pauseMs: () => 50 };
const USED_BYTES = 130 * MIB + 100 + 4096 + 512;

type Line = AsyncDisposable & { readonly host: Host; readonly proxy: Proxy };

/** A host behind a real sshd, with the proxy between. */
async function openLine(signal: AbortSignal): Promise<Line> {
  await using opening = new AsyncDisposableStack();
  const sshd = opening.use(await startSshd({ signal }));
  const proxy = opening.use(await startProxy(sshd.port));
  await appendFile(sshd.sshConfigPath, `Host *\n  HostKeyAlias [127.0.0.1]:${sshd.port}\n`);
  const destination = {
    kind: "ssh",
    user: null,
    host: sshd.hostAlias,
    port: proxy.port,
    path: "/x",
  } as const;
  const host = opening.use(await sshHost({ destination, sshConfig: sshd.sshConfigPath, signal }));
  const resources = opening.move();
  return { host, proxy, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function makePlace(t: TestContext): Promise<{ source: string; directory: string }> {
  const top = await temporary(t);
  const [source, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(source);
  await mkdir(directory);
  return { source, directory };
}

async function finishAndCheck(
  host: Host,
  directory: string,
  source: string,
  results: Awaited<ReturnType<typeof copy>>,
  format: "raw" | "qcow2" = "raw",
): Promise<void> {
  await finishDisks(
    host,
    directory,
    results.map((one) => ({ ...one, format })),
  );
  const [check] = await verify(directory, true);
  assert.equal(check?.sha256, await wantedHash(source));
}

test("a link that is cut 20 times costs only what was under way", { timeout: 300_000 }, async (t) => {
  const { source, directory } = await makePlace(t);
  await using line = await openLine(t.signal);
  let cuts = 0;
  const cutAgain = (): void => {
    if (cuts >= 20) return;
    cuts += 1;
    // At random: in the middle of ssh's own greeting, of an upload, of a cell, of an acknowledgement.
    setTimeout(
      () => {
        line.proxy.cut();
        cutAgain();
      },
      100 + Math.random() * 900,
    ).unref();
  };
  const steps: string[] = [];
  const results = await copy({
    host: line.host,
    directory,
    disk: diskAt(source),
    onProgress: () => {
      if (cuts === 0) cutAgain();
    },
    more: {
      ...RETRY,
      limitBytesPerSecond: 8 * MIB, // slow enough to be cut in the middle so often
      emit: (event: JobEvent) => {
        if (event.type === "step") steps.push(event.text);
        if (event.type === "progress" && cuts === 0) cutAgain();
      },
    },
  });
  assert.equal(cuts, 20);
  assert.ok(steps.length >= 5, `${steps.length} times it tried again`);
  t.diagnostic(
    `${cuts} cuts, ${steps.length} pauses, ${Math.round((line.proxy.bytes / USED_BYTES) * 100)} % of the used bytes sent`,
  );
  await finishAndCheck(line.host, directory, source, results);
});

for (const format of ["raw", "qcow2"] as const)
  test(`an agent that is killed is started again, and goes on (${format})`, {
    timeout: 120_000,
  }, async (t) => {
    const { source, directory } = await makePlace(t);
    await using host = localHost();
    const before = await descendants(process.pid); // the bundler of an earlier test
    const kills: Promise<void>[] = [];
    const kill = async (): Promise<void> => {
      const lock: { pid: number } = JSON.parse(await readFile(join(directory, ".p2v-lock"), "utf8"));
      process.kill(lock.pid, "SIGKILL");
    };
    let next = 20 * MIB;
    const results = await copy({
      host,
      directory,
      disk: diskAt(source, format),
      onProgress: (done) => {
        if (done < next) return;
        next += 40 * MIB;
        kills.push(kill());
      },
      more: RETRY,
    });
    await Promise.all(kills);
    assert.ok(kills.length >= 2);
    await waitFor("the agents' end", async () => (await descendants(process.pid)).length <= before.length);
    await finishAndCheck(host, directory, source, results, format);
  });

test("a bit that flips on the wire, and a host that is away for a while, change nothing", {
  timeout: 120_000,
}, async (t) => {
  const { source, directory } = await makePlace(t);
  await using line = await openLine(t.signal);
  let flipped = false;
  const steps: string[] = [];
  const results = await copy({
    host: line.host,
    directory,
    disk: diskAt(source),
    more: {
      ...RETRY,
      emit: (event: JobEvent) => {
        if (event.type === "step") steps.push(event.text);
        if (event.type !== "progress" || flipped || event.doneBytes < 30 * MIB) return;
        flipped = true;
        line.proxy.flip();
        line.proxy.setDown(true);
        setTimeout(() => line.proxy.setDown(false), 1500);
      },
    },
  });
  assert.ok(flipped);
  assert.ok(steps.length >= 2, steps.join("\n"));
  assert.ok(
    steps.every((text) => /Trying again in \d+ s, for/.test(text)),
    steps.join("\n"),
  );
  await finishAndCheck(line.host, directory, source, results);
});

test("a host that stays away ends the run when the time is over, with advice", {
  timeout: 120_000,
}, async (t) => {
  const { source, directory } = await makePlace(t);
  await using line = await openLine(t.signal);
  let down = false;
  await assert.rejects(
    copy({
      host: line.host,
      directory,
      disk: diskAt(source),
      onProgress: () => {
        if (down) return;
        down = true;
        line.proxy.setDown(true);
        line.proxy.cut();
      },
      more: { retryForMs: 3000, pauseMs: () => 200 },
    }),
    (error) => isError("host", "host-closed")(error) || isError("host", "link-lost")(error),
  );
  const again = await openAgain(
    line,
    async () => await copy({ host: line.host, directory, disk: diskAt(source) }),
  );
  assert.ok((again[0]?.cellsKept ?? 0) > 0, "what was durable stays");
});

async function openAgain<T>(line: Line, act: () => Promise<T>): Promise<T> {
  line.proxy.setDown(false);
  return await act();
}

test("a destination that was full is gone on with by itself when there is space", {
  timeout: 120_000,
}, async (t) => {
  const { source, directory } = await makePlace(t);
  await using small = await mount("p2v-small", join(directory, "small"), {
    type: "tmpfs",
    options: ["size=60m"],
  });
  await using host = localHost();
  const steps: string[] = [];
  const results = await copy({
    host,
    directory: small.path,
    disk: diskAt(source),
    more: {
      ...RETRY,
      emit: (event: JobEvent) => {
        if (event.type !== "step") return;
        steps.push(event.text);
        if (steps.length === 2) void run(["mount", "-o", "remount,size=180m", small.path]);
      },
    },
  });
  assert.match(steps[0] ?? "", /No space is left .*Trying again/);
  await finishAndCheck(host, small.path, source, results);
});
