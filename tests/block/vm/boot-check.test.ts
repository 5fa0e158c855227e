// SPDX-License-Identifier: Apache-2.0
// The boot check with a real QEMU. Its guest is one sector long, so that a start takes seconds.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { GuestOS, JobEvent, VmModel } from "../../../src/core/index.ts";
import { localHost, sshHost } from "../../../src/hosts/index.ts";
import { run } from "../../../src/system/index.ts";
import { bootCheck, type BootCheck, type BootCheckResult } from "../../../src/vm/index.ts";
import { waitFor } from "../../../lab/processes.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { bootSector } from "../../support/disks/boot-sector.ts";
import { SAMPLE_VM } from "../../../lab/samples/vm.ts";
import { temporary } from "../../support/temporary.ts";

const ROOT = "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";
const PROBE = `P2V-PROBE {"format":"p2v-probe/1","root":"${ROOT}","rootSource":null,"kernel":"k","state":"running","uptime":1,"failed":[],"waiting":[],"ip":true,"links":[],"routes":[]}`;
const SIZE = 2 ** 20;

const GUEST: GuestOS = {
  family: "generic",
  id: "sector",
  version: "1",
  title: "One sector",
  hostname: null,
  arch: "x86_64",
  root: "disk:1",
  mounts: [],
  names: { known: [], unclear: [] },
  loader: "generic",
  initramfsTool: "generic",
  init: "systemd",
  kernels: [],
  network: [],
  usedBytes: 0,
};

type Started = {
  readonly result: BootCheckResult;
  readonly events: readonly JobEvent[];
  readonly left: readonly string[];
};

/** Checks a VM whose image is `image`, and whose probe layer holds `layer` in its first bytes. */
async function check(
  t: TestContext,
  {
    image,
    layer,
    leavesNothing = true,
    ...more
  }: { image: Buffer; layer: Buffer; leavesNothing?: boolean } & Partial<BootCheck>,
): Promise<Started> {
  const directory = await temporary(t);
  const bytes = Buffer.alloc(SIZE);
  image.copy(bytes);
  await writeFile(join(directory, "aurora-1.img"), bytes);
  const raw = join(directory, "layer.raw");
  const qcow2 = join(directory, "layer.qcow2");
  const changes = Buffer.alloc(SIZE);
  layer.copy(changes);
  await writeFile(raw, changes);
  await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2]);
  await using host = localHost();
  const events: JobEvent[] = [];
  const vm: VmModel = {
    ...SAMPLE_VM,
    memoryBytes: 64 * 2 ** 20,
    nics: [],
    disks: SAMPLE_VM.disks.map((disk) => ({ ...disk, sizeBytes: SIZE })),
  };
  const before = hash(await readFile(join(directory, "aurora-1.img")));
  try {
    const result = await bootCheck({
      via: { kind: "qemu" },
      host,
      directory,
      vm,
      layers: [{ file: "aurora-1.img", qcow2 }],
      guest: GUEST,
      expectedRootUuid: ROOT,
      nics: [],
      passphrases: [],
      rootIsLocked: false,
      timeoutMs: 60_000,
      emit: (event) => events.push(event),
      signal: AbortSignal.timeout(120_000),
      ...more,
    });
    return { result, events, left: await readdir(directory) };
  } finally {
    assert.equal(hash(await readFile(join(directory, "aurora-1.img"))), before);
    await waitFor("the end of QEMU", async () => (await running(directory)) === "");
    assert.ok(!leavesNothing || !(await readdir(directory)).includes(".p2v-check"));
  }
}

/** What was seen instead is the first thing to be asked. */
function assertBooted({ outcome, console }: BootCheckResult): void {
  assert.equal(outcome.kind, "booted", `${JSON.stringify(outcome)}\nOn the console: ${console}`);
}

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Processes that still name the directory. */
async function running(directory: string): Promise<string> {
  const { stdout } = await run(["ps", "-eo", "args"]);
  return stdout
    .split("\n")
    .filter((line) => line.includes(directory))
    .join("\n");
}

const isPng = (bytes: Uint8Array | null): boolean =>
  Buffer.from(bytes ?? []).toString("latin1", 1, 4) === "PNG";

test("the boot check sees the probe of a layer, takes a picture, and leaves the image alone", async (t) => {
  const { result, events } = await check(t, {
    image: Buffer.from("not bootable"),
    layer: bootSector(`\r\nhello\r\n${PROBE}\r\n`),
  });
  assertBooted(result);
  assert.ok(isPng(result.screenshotPng));
  assert.match(result.console, /hello\nP2V-PROBE/);
  assert.ok(events.some((event) => event.type === "console" && event.line === "hello"));
});

test("the boot check tells another root file system", async (t) => {
  const { result } = await check(t, {
    image: bootSector(`${PROBE}\r\n`),
    layer: Buffer.alloc(0),
    expectedRootUuid: "00000000-0000-4000-8000-000000000000",
  });
  assert.equal(result.outcome.kind, "booted-but");
});

test("the boot check knows before its time limit that nothing can boot", async (t) => {
  const { result } = await check(t, { image: Buffer.alloc(0), layer: Buffer.alloc(0) });
  assert.equal(result.outcome.kind, "not-booted");
  assert.match(result.outcome.why, /no boot loader/);
  assert.ok(isPng(result.screenshotPng));
});

test("the boot check gives up on a silent guest at its time limit", async (t) => {
  // A slow machine has not come to its first word when the first of these is over.
  for (const timeoutMs of [4_000, 20_000, 100_000]) {
    const { result } = await check(t, {
      image: bootSector("\r\nhello\r\n"),
      layer: Buffer.alloc(0),
      timeoutMs,
    });
    assert.equal(result.outcome.kind, "not-booted");
    if (result.outcome.lastLines.includes("hello")) return;
  }
  assert.fail("the guest never said hello");
});

test("the boot check ends when aborted, and leaves nothing", async (t) => {
  const abort = new AbortController();
  const checking = check(t, {
    image: bootSector("\r\nhello\r\n"),
    layer: Buffer.alloc(0),
    signal: abort.signal,
    emit: (event) => {
      if (event.type === "console" && event.line === "hello") abort.abort(new Error("stop here"));
    },
  });
  await assert.rejects(checking, /stop here/);
});

test("the console is seen from its first line, however late the host gets round to showing it", async (t) => {
  await using host = localHost();
  const spawn = host.spawn.bind(host);
  host.spawn = (argv, options) =>
    argv.some((word) => word.includes("tail "))
      ? spawn(["sh", "-c", 'sleep 2; exec "$@"', "sh", ...argv], options)
      : spawn(argv, options);
  const { result } = await check(t, {
    host,
    image: bootSector(`${PROBE}\r\n`),
    layer: Buffer.alloc(0),
    timeoutMs: 100_000,
  });
  assertBooted(result);
});

test("the boot check works over ssh, and a lost connection leaves no VM behind", async (t) => {
  await using sshd = await startSshd();
  const { user, hostAlias, port } = sshd;
  const destination = { kind: "ssh", user, host: hostAlias, port, path: "/" } as const;
  const sshConfig = sshd.sshConfigPath;
  await using host = await sshHost({ destination, sshConfig, signal: AbortSignal.timeout(60_000) });
  const { result } = await check(t, { host, image: bootSector(`${PROBE}\r\n`), layer: Buffer.alloc(0) });
  assertBooted(result);

  let seen = false;
  const cut = check(t, {
    host,
    leavesNothing: false, // nobody is there to remove it
    image: bootSector("\r\nhello\r\n"),
    layer: Buffer.alloc(0),
    emit: (event) => {
      if (seen || event.type !== "console" || event.line !== "hello") return;
      seen = true;
      void sshd[Symbol.asyncDispose]();
    },
  });
  // What it says then is the hosts' matter; that QEMU ended is not.
  await cut.catch((error: unknown) => assert.doesNotMatch(String(error), /the end of QEMU/));
  assert.ok(seen);
});

test("a connection that stalls until the check's files are gone leaves no VM behind", async (t) => {
  await using host = localHost();
  const freed = Promise.withResolvers<void>();
  let isUp = false;
  const spawn = host.spawn.bind(host);
  host.spawn = async (argv, options) => {
    const process = await spawn(argv, options);
    const isQemu = argv.includes("-qmp");
    if (!isQemu && !argv.some((word) => word.includes("tail "))) return process;
    isUp = true;
    const { stdin } = process;
    const write: (text: string) => boolean = stdin.write.bind(stdin);
    const end = stdin.end.bind(stdin);
    stdin.write = (text: string) => text.includes('"quit"') || write(text);
    stdin.end = () => {
      if (!isQemu) void freed.promise.then(() => end());
      return stdin;
    };
    process[Symbol.asyncDispose] = () => Promise.resolve();
    return process;
  };
  const remove = host.remove.bind(host); // called before, too, for what an earlier run left
  host.remove = (path) => remove(path).finally(() => isUp && freed.resolve());
  const { result } = await check(t, { host, image: bootSector(`${PROBE}\r\n`), layer: Buffer.alloc(0) });
  assertBooted(result);
});

test("the boot check is not tried without QEMU, without a probe, or for another architecture", async (t) => {
  await using host = localHost();
  const bare = new Proxy(host, {
    get: (target, name) =>
      name === "which"
        ? () => Promise.resolve(null)
        : name === "kindOf"
          ? () => Promise.resolve("absent")
          : (Reflect.get(target, name) as unknown),
  });
  const none = { image: Buffer.alloc(0), layer: Buffer.alloc(0) };
  const why = async (more: Partial<BootCheck>): Promise<string> => {
    const { outcome } = (await check(t, { ...none, ...more })).result;
    assert.equal(outcome.kind, "not-tried");
    return outcome.why;
  };
  assert.match(await why({ host: bare }), /qemu-system-x86_64 is not installed on this machine/);
  assert.match(await why({ layers: [], guest: { ...GUEST, init: "openrc" } }), /init system openrc/);
  assert.match(await why({ guest: null }), /No operating system/);
  assert.match(await why({ vm: { ...SAMPLE_VM, arch: "aarch64" } }), /x86 machines only/);
});
