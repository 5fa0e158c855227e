// SPDX-License-Identifier: Apache-2.0
// The command as a user runs it, and what it must never leave behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  /** The reader of both streams goes away once this was printed, as `head` does. */
  readonly closeAt?: RegExp;
  readonly timeoutMs?: number;
};

/** Where the commands run here keep what is theirs for a while. */
const temporary = mkdtempSync(join(tmpdir(), "p2v-cli-"));
/** What they keep for a next one: the last run. */
const kept = mkdtempSync(join(tmpdir(), "p2v-kept-"));
process.on("exit", () => {
  for (const path of [temporary, kept]) rmSync(path, { recursive: true, force: true });
});

/** `npm test` builds it as it is installed; a test that runs alone starts it from its sources. */
export const PROGRAM = process.env["P2V_TEST_PROGRAM"] ?? "bin/virt-p2v";

export function cli(
  args: readonly string[],
  { interruptAt, closeAt, timeoutMs = 300_000 }: Options = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, TMPDIR: temporary, XDG_STATE_HOME: kept };
    const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "pipe"], env });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    let peakBytes = 0;
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, readPeak(child.pid));
    }, 200);
    let stdout = "";
    let stderr = "";
    let interrupted = false;
    const look = (): void => {
      if (closeAt?.test(stdout + stderr) === true)
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
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

/** Loop devices, mounts, daemons and directories of the commands run here. Other runs on this machine have their own. */
export async function leftovers(): Promise<readonly string[]> {
  const loops = (await run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"])).stdout;
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  const daemons = (await run(["pgrep", "--list-full", "--full", "qemu-storage-daemon"], { allowCodes: [1] }))
    .stdout;
  const lines = `${loops}\n${mounts}\n${daemons}`.split("\n");
  return [...lines.filter((line) => line.includes(temporary)), ...(await readdir(temporary))];
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
