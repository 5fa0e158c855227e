// SPDX-License-Identifier: Apache-2.0
// The command as a user runs it, and what it must never leave behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { run } from "../../src/system/index.ts";

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The most memory that the process itself held at once, as the kernel counts it (VmHWM), looked at every 200 ms. */
  readonly peakBytes: number;
};

type Options = {
  /** Ctrl-C is sent once this was printed (on either stream). */
  readonly interruptAt?: RegExp;
  readonly timeoutMs?: number;
};

export function cli(
  args: readonly string[],
  { interruptAt, timeoutMs = 300_000 }: Options = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn("bin/virt-p2v", args, { stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    let peakBytes = 0;
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, readPeak(child.pid));
    }, 200);
    let stdout = "";
    let stderr = "";
    let interrupted = false;
    const look = (): void => {
      if (interruptAt === undefined || interrupted || !interruptAt.test(stdout + stderr)) return;
      interrupted = true;
      child.kill("SIGINT");
    };
    child.stdout.on("data", (part) => {
      stdout += part;
      look();
    });
    child.stderr.on("data", (part) => {
      stderr += part;
      look();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve({ code, stdout, stderr, peakBytes });
    });
  });
}

function readPeak(pid: number | undefined): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0; // it has just ended
  }
}

/** Our loop devices, mounts, daemons and run directories. Tests run one file after the other, so all are ours. */
export async function leftovers(): Promise<readonly string[]> {
  const loops = (await run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"])).stdout;
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  const daemons = (await run(["pgrep", "--list-full", "--exact", "qemu-storage-d"], { allowCodes: [1] }))
    .stdout;
  const directories = (await readdir(tmpdir())).filter((name) => /^p2v-(run|guest|overlay)-/.test(name));
  return [
    ...loops.split("\n").filter((line) => line.includes("p2v-") && !line.includes("p2v-disk-")), // those are a test's own
    ...mounts.split("\n").filter((line) => line.includes("/p2v-")),
    ...daemons.split("\n").filter((line) => line.includes("p2v-")),
    ...directories,
  ];
}

/** One clear error: exit code, what and what to do, no stack; and nothing left behind. */
export async function assertRefused(
  ended: Ended,
  { code, says, advises }: { code: number; says: RegExp; advises: RegExp },
): Promise<void> {
  assert.equal(ended.code, code, ended.stderr);
  const error = ended.stderr.slice(ended.stderr.lastIndexOf("virt-p2v: "));
  assert.match(error, says);
  assert.match(error, advises);
  assert.doesNotMatch(ended.stderr, /\n\s+at .*:\d+:\d+/);
  assert.deepEqual(await leftovers(), []);
}
