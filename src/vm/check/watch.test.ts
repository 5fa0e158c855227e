// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ending, startWatch, type Watch, type WatchOptions } from "./watch.ts";
import { consoleLines } from "../verdict/console-lines.ts";

const PROBE = `P2V-PROBE {"format":"p2v-probe/1","root":null,"rootSource":null,"kernel":"6","state":"running","uptime":1,"failed":[],"waiting":[],"ip":true,"links":[],"routes":[]}`;
const RESET = { name: "RESET", data: { guest: true, reason: "guest-reset" } };

async function ends(act: (watch: Watch) => void, options: Partial<WatchOptions> = {}): Promise<Ending> {
  using watch = startWatch({
    console: consoleLines(),
    timeoutMs: 2_000,
    stallMs: null,
    graceMs: 20,
    restartsAllowed: 1,
    onLine: () => undefined,
    ...options,
  });
  act(watch);
  return await watch.ending;
}

const says = (text: string) => (watch: Watch) => watch.bytes(Buffer.from(text));

test("a watch ends with the probe, and the first whole one counts", async () => {
  const lines: string[] = [];
  const half = `${PROBE.slice(0, 60)}[    5.123456] printed into it${PROBE.slice(60)}`;
  const ending = await ends(says(`Linux\n${half}\r\n${PROBE}\r\n`), { onLine: (line) => lines.push(line) });
  assert.equal(ending.kind, "probe");
  assert.deepEqual(lines, ["Linux"]);
});

test("a watch ends after a final line, also at a prompt without line end, and on the screen", async () => {
  assert.equal((await ends(says("Kernel panic - not syncing: x\n"))).kind, "final");
  assert.equal((await ends(says("\n(initramfs) "))).kind, "final");
  assert.equal((await ends((watch) => watch.screen(["grub rescue>"]))).kind, "final");
});

test("a watch waits on when the guest restarts after a final line, but only once", async () => {
  const panic = says("Kernel panic - not syncing: x\n");
  const once = await ends((watch) => {
    panic(watch);
    watch.event(RESET);
    setTimeout(() => says(`${PROBE}\n`)(watch), 60);
  });
  assert.equal(once.kind, "probe");
  const twice = await ends((watch) => {
    panic(watch);
    watch.event(RESET);
    panic(watch);
    watch.event(RESET);
  });
  assert.equal(twice.kind, "restarts");
});

test("a watch takes no restart of ours for the guest's", async () => {
  const ending = await ends(
    (watch) => {
      for (let i = 0; i < 5; i += 1) watch.event({ name: "RESET", data: { guest: false } });
    },
    { timeoutMs: 30 },
  );
  assert.equal(ending.kind, "time");
});

test("a watch sees the VM switched off, and QEMU's end", async () => {
  assert.equal((await ends((watch) => watch.event({ name: "SHUTDOWN", data: { guest: true } }))).kind, "off");
  assert.deepEqual(await ends((watch) => watch.exited("no such machine")), {
    kind: "exited",
    words: "no such machine",
  });
});

test("a watch stalls without output and disk activity, unless a kernel was seen", async () => {
  const stallMs = 30;
  assert.equal((await ends(() => undefined, { stallMs })).kind, "stalled");
  assert.equal((await ends(says("Linux version 6.1.0\n"), { stallMs, timeoutMs: 90 })).kind, "time");
  const busy = await ends(
    (watch) => {
      for (let i = 1; i < 9; i += 1) setTimeout(() => watch.activity(i), i * 10);
    },
    { stallMs, timeoutMs: 90 },
  );
  assert.equal(busy.kind, "time");
});

test("only a kernel's words are a sign of a kernel", () => {
  const seen = (text: string): boolean => {
    using watch = startWatch({
      console: consoleLines(),
      timeoutMs: 1000,
      stallMs: null,
      graceMs: 10,
      restartsAllowed: 1,
      onLine: () => undefined,
    });
    says(text)(watch);
    return watch.sawKernel();
  };
  assert.ok(!seen("SeaBIOS (version 1.16)\nWelcome to GRUB!\nLoading Linux 6.1.0-18-amd64 ...\n"));
  assert.ok(seen("[    0.000000] Command line: x\n"));
  assert.ok(seen("aurora login: \n"));
});
