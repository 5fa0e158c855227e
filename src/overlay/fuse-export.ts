// SPDX-License-Identifier: Apache-2.0
// A chain of block nodes as one raw file, by qemu-storage-daemon's FUSE export. Nothing here waits without a limit.
import { stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type SourceDisk, UserError } from "../core/index.ts";
import { type Daemon, RunError, readMountTable, run, startDaemon } from "../system/index.ts";
import type { Chain } from "./chain.ts";

const READY_MS = 60_000;
const STOP_MS = 120_000;

export interface FuseExport extends AsyncDisposable {
  readonly path: string;
  /** Aborted, with a UserError as reason, when the daemon ends without being asked. */
  readonly lost: AbortSignal;
  /** Ends it cleanly: all writes are in the store. UserError when it had died before. */
  stop(): Promise<void>;
}

/** Starts the daemon and waits until `path` reads as the disk. `path` is made by this function. */
export async function startExport(
  chain: Chain,
  options: { disk: SourceDisk; path: string; writable: boolean; signal: AbortSignal },
): Promise<FuseExport> {
  const { disk, path, writable, signal } = options;
  signal.throwIfAborted();
  await writeFile(path, "", { flag: "wx", mode: 0o600 });
  const daemon = await startDaemon(renderCommand(chain, { path, writable }));
  try {
    await untilMounted(daemon, { disk, path, signal });
    await checkExport(path, { disk, writable, signal });
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    await removeDeadMount(path);
    if (daemon.ended.aborted && error === daemon.ended.reason) throw cannotStart(disk, daemon.lastWords());
    throw error;
  }
  return guarded(daemon, { disk, path });
}

/** The daemon's command line. Errors of the guest's disk must reach the guest's kernel, never stop the daemon. */
function renderCommand(chain: Chain, { path, writable }: { path: string; writable: boolean }): string[] {
  const exported = {
    type: "fuse",
    id: "view",
    "node-name": chain.top,
    mountpoint: path,
    writable,
    growable: false,
  };
  return [
    "qemu-storage-daemon",
    ...(chain.objects ?? []).flatMap((object) => ["--object", JSON.stringify(object)]),
    ...chain.nodes.flatMap((node) => ["--blockdev", JSON.stringify(node)]),
    "--export",
    JSON.stringify(exported),
  ];
}

function guarded(daemon: Daemon, { disk, path }: { disk: SourceDisk; path: string }): FuseExport {
  const lost = new AbortController();
  let state: "runs" | "stopped" | "died" = "runs";
  const onEnd = (): void => {
    if (state !== "runs") return;
    state = "died";
    lost.abort(daemonDied(disk, daemon.lastWords()));
  };
  daemon.ended.addEventListener("abort", onEnd, { once: true });
  if (daemon.ended.aborted) onEnd();
  const stop = async (): Promise<boolean> => {
    if (state !== "runs") return state === "stopped";
    state = "stopped";
    const clean = await daemon.stop({ graceMs: STOP_MS });
    await removeDeadMount(path);
    if (!clean) state = "died";
    return clean;
  };
  return {
    path,
    lost: lost.signal,
    async stop() {
      if (!(await stop())) throw daemonDied(disk, daemon.lastWords());
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await removeDeadMount(path);
    },
  };
}

async function untilMounted(
  daemon: Daemon,
  { disk, path, signal }: { disk: SourceDisk; path: string; signal: AbortSignal },
): Promise<void> {
  const end = Date.now() + READY_MS;
  while (!(await isMounted(path))) {
    signal.throwIfAborted();
    daemon.ended.throwIfAborted();
    if (Date.now() > end) throw cannotStart(disk, `no export after ${READY_MS / 1000} seconds`);
    await sleep(15);
  }
}

/** The right size, and discards refused: see chain.ts. */
async function checkExport(
  path: string,
  { disk, writable, signal }: { disk: SourceDisk; writable: boolean; signal: AbortSignal },
): Promise<void> {
  const { size } = await within(stat(path), READY_MS, () => cannotStart(disk, "the export does not answer"));
  if (size < disk.sizeBytes)
    throw cannotStart(disk, `the export has ${size} bytes, the disk ${disk.sizeBytes} bytes`);
  if (!writable) return;
  const punch = ["fallocate", "--punch-hole", "--offset", "0", "--length", "512", "--", path];
  const { code } = await run(punch, { allowCodes: [1], timeoutMs: READY_MS, signal });
  if (code === 0) throw cannotStart(disk, "it accepts discards, which it is known to do wrong");
}

/** Rejects after `ms`; the promise itself goes on (a system call on a frozen mount cannot be taken back). */
async function within<T>(promise: Promise<T>, ms: number, makeError: () => Error): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw makeError();
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

const isMounted = async (path: string): Promise<boolean> =>
  (await readMountTable()).some((entry) => entry.path === path);

/** A daemon that was killed leaves its mount behind, and every access to it fails. */
async function removeDeadMount(path: string): Promise<void> {
  for (let tries = 0; tries < 3 && (await isMounted(path)); tries += 1) {
    try {
      // Lazy: whatever still holds the file gets errors anyway, and the name must go.
      await run(["umount", "--lazy", "--", path], { timeoutMs: 30_000 });
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
    }
  }
}

function cannotStart(disk: SourceDisk, words: string): UserError {
  if (/lock/i.test(words))
    return new UserError("source-in-use", `${disk.path} is in use by another program: ${words}`, {
      advice: "End the program that has it open for writing (a running VM, for example), then run this again",
    });
  return new UserError("overlay-not-started", `No overlay for ${disk.path}: ${words}`, {
    advice: "Check that /dev/fuse is there and that the temporary directory has space, then run this again",
  });
}

function daemonDied(disk: SourceDisk, words: string): UserError {
  const said = words === "" ? "" : `: ${words}`;
  return new UserError("overlay-died", `The overlay above ${disk.path} was ended from outside${said}`, {
    advice:
      "The disk itself is unchanged. See whether memory or temporary space ran out (dmesg), then run this again",
  });
}
