// SPDX-License-Identifier: Apache-2.0
// What goes wrong at a cutover ends with the server as it was: refused before anything happens, or started again by itself.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { bringLiveSystem, cutoverWords, followConsole } from "../../lab/hot/cutover.ts";
import { CHECK_LOAD } from "../../lab/hot/disk.ts";
import { type Ground, startGround } from "../../lab/hot/ground.ts";
import { judgeLoad } from "../../lab/hot/judge.ts";
import { sha256sum } from "../support/disks/overlays.ts";

const LONG_MS = 30 * 60_000;

test("a server with too little memory is told so, and works on", { timeout: 60 * 60_000 }, async (t) => {
  const { signal } = t;
  const onProgress = (text: string): void => t.diagnostic(text);
  await using ground = await startGround({ memoryMb: 1024, onProgress, signal });
  const { server } = ground;
  await bringLiveSystem(server, { onProgress, signal });
  const ended = await server.ssh(cutoverWords(ground), { timeoutMs: LONG_MS, allowCodes: [3] });
  assert.equal(ended.code, 3, ended.stdout);
  assert.match(ended.stderr + ended.stdout, /memory/i);
  await server.busy({ timeoutMs: LONG_MS });
  assert.equal((await server.ssh(["cat", "/sys/kernel/kexec_loaded"])).stdout.trim(), "0");
});

/** Cuts over; `disturb` once the server's own kernel has let go. The server comes back by itself, its disk as it left it. */
async function comesBack(
  ground: Ground,
  more: readonly string[],
  disturb: () => PromiseLike<void>,
): Promise<void> {
  const { server, image } = ground;
  const { length: from } = await server.console();
  let left = "";
  const jumped = followConsole(server, /Starting new kernel/, {
    timeoutMs: LONG_MS,
    onLine: () => undefined,
  });
  await server.ssh([...cutoverWords(ground), ...more], { timeoutMs: LONG_MS, allowCodes: [255] });
  await jumped;
  left = await sha256sum(image);
  await disturb();
  // Its own kernel, which is Debian's cloud kernel and speaks, as the live one does not; until it mounts something nothing may be written.
  await server.see(/Linux version \S+-cloud-/, { timeoutMs: LONG_MS, from });
  using qmp = await server.monitor();
  await qmp.execute("stop");
  assert.equal(await sha256sum(image), left, "nobody wrote to its disk");
  await qmp.execute("cont");
  await server.reach({ timeoutMs: LONG_MS });
  await server.busy({ timeoutMs: LONG_MS });
}

/** Of a key that the host does not know. Nothing of the job is left, here or there, and the server works on. */
async function refusesStranger({ server, vms, to }: Ground): Promise<void> {
  const identity = "/dev/shm/stranger";
  await server.ssh(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", identity]);
  const there = await readdir(vms);
  const ended = await server.ssh(cutoverWords({ to }, { identity }), {
    timeoutMs: LONG_MS,
    allowCodes: [1, 2, 3],
  });
  assert.notEqual(ended.code, 0);
  assert.match(ended.stderr + ended.stdout, /does not let in the key \/dev\/shm\/stranger/);
  assert.equal((await server.ssh(["cat", "/sys/kernel/kexec_loaded"])).stdout.trim(), "0");
  await server.ssh(["test", "!", "-e", "/run/virt-p2v-cutover"]);
  assert.deepEqual(await readdir(vms), there);
  await server.busy({ timeoutMs: LONG_MS });
}

test("the server starts its own system again: the live system killed, the host away", {
  timeout: 120 * 60_000,
}, async (t) => {
  const { signal } = t;
  const onProgress = (text: string): void => t.diagnostic(text);
  await using ground = await startGround({ onProgress, signal });
  const { server, host } = ground;
  await bringLiveSystem(server, { onProgress, signal });

  await t.test("a key that the host does not know is refused before anything is stopped", () =>
    refusesStranger(ground),
  );
  await t.test("the live system is killed in the middle of its job", () =>
    comesBack(ground, [], async () => {
      const { length: from } = await server.console();
      await server.see(/\d %: /, { timeoutMs: LONG_MS, from });
      await server.reset();
    }),
  );
  await bringLiveSystem(server, { onProgress, signal }); // it was in memory
  await t.test("the host is away at the jump", () =>
    comesBack(ground, ["--retry-for", "20s"], () => host[Symbol.asyncDispose]()),
  );
  await server.ssh(["systemctl", "stop", "load"]);
  const said = await server.said();
  const { faults } = judgeLoad(said, (await server.ssh(CHECK_LOAD)).stdout);
  assert.deepEqual(faults, []);
});
