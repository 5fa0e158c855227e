// SPDX-License-Identifier: Apache-2.0
// A server for virt-p2v remote: a real sshd, a stand-in for the portable file that runs this program, and jobs that wait for what a
// test says.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { descendants, endTree, waitFor } from "../../lab/processes.ts";
import { type Sshd, type SshdOptions, startSshd } from "../../lab/sshd.ts";
import { quoteWord } from "../../src/system/index.ts";
import { VERSION } from "../../src/ui/index.ts";
import { PROGRAM } from "./cli.ts";
import { temporary } from "./temporary.ts";

/** By the first word of the command; each is one of ours, so that its words are taken. */
const JOBS = `case $1 in
doctor) echo to stdout; echo to stderr >&2; exit 7 ;;
check) shift; for word; do printf '<%s>' "$word"; done; echo ;;
inspect) echo waiting; until [ -e "$3.go" ]; do sleep 0.05; done
	exec ssh -F "$3" -o BatchMode=yes p2v-test-host echo reached ;;
report) trap 'echo interrupted; exit 42' INT; trap 'stty size' WINCH; stty size; printf 'Begin? '
	until read -r answer; do :; done; echo "answer $answer"; while :; do sleep 0.1; done ;;
verify) i=1; trap 'echo interrupted; exit 42' INT
	while :; do
		if [ -e "$2/$i" ]; then cat "$2/$i"; : >"$2/$i.done"; i=$((i + 1))
		elif [ -e "$2/end" ]; then exit 5
		else sleep 0.05; fi
	done ;;
esac`;

export type RemoteServer = {
  readonly sshd: Sshd;
  /** The stand-in for the portable file. */
  readonly portable: string;
  /** For the options of the command. */
  readonly words: readonly string[];
  readonly cache: string;
  readonly jobs: string;
  /** Environment of the command here. */
  readonly env: Readonly<Record<string, string>>;
};

export async function remoteServer(
  t: TestContext,
  { env = {}, place, ...options }: SshdOptions & { env?: Record<string, string>; place?: string } = {},
): Promise<RemoteServer> {
  const directory = await temporary(t);
  const cache = place ?? join(directory, "my cache");
  const jobs = join(directory, "jobs");
  const state = join(directory, "state");
  for (const path of [cache, jobs, state]) await mkdir(path, { recursive: true });
  const portable = join(directory, "portable");
  await writeFile(portable, renderStandIn(), { mode: 0o755 });
  const sshd = await startSshd({
    ...options,
    serverLines: [`SetEnv XDG_CACHE_HOME="${cache}" P2V_JOBS="${jobs}"`, ...(options.serverLines ?? [])],
  });
  t.after(async () => {
    await endKeepers(jobs);
    await sshd[Symbol.asyncDispose]();
  });
  const words = [
    "remote",
    "--portable",
    portable,
    "--ssh-config",
    sshd.sshConfigPath,
    `ssh://${sshd.hostAlias}`,
  ];
  return { sshd, portable, words, cache, jobs, env: { XDG_STATE_HOME: state, ...env } };
}

function renderStandIn(): string {
  const program = quoteWord(resolve(PROGRAM));
  return `#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# virt-p2v ${VERSION} for Linux on x86-64: a stand-in
P2V_PORTABLE=$0; export P2V_PORTABLE
case $1 in remote-* | --version) exec ${program} "$@" ;; esac
${JOBS}
`;
}

/** Keepers outlive their sshd, which is what they are for. */
async function endKeepers(jobs: string): Promise<void> {
  for (const pid of await descendants(1)) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!words.includes(`remote-job\0${jobs}/`)) continue;
    for (const each of [...(await descendants(pid)), pid]) {
      try {
        process.kill(each, "SIGKILL");
      } catch {
        // it went by itself
      }
    }
  }
}

export type Running = AsyncDisposable & {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  see(words: RegExp): Promise<void>;
  readonly code: Promise<number | null>;
};

/** The command, with pipes. */
export function startRemote({ words, env }: RemoteServer, command: readonly string[]): Running {
  const child = spawn(PROGRAM, [...words, ...command], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined);
  const code = new Promise<number | null>((done) => child.once("close", done));
  return {
    child,
    code,
    stdout: () => stdout,
    stderr: () => stderr,
    see: (text) =>
      waitFor(`${text} of ${command.join(" ")}`, () => {
        if (text.test(stdout + stderr)) return true;
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${stdout}${stderr}`);
        return false;
      }),
    [Symbol.asyncDispose]: () => endTree(child),
  };
}
