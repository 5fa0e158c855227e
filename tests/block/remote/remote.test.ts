// SPDX-License-Identifier: Apache-2.0
// A command on a server over a real sshd: its output, exit code, agent and words; a cut connection, and what will not do.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { descendants, waitFor } from "../../../lab/processes.ts";
import { FORGET_MOUNTS } from "../../../lab/private-mounts.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { run } from "../../../src/system/index.ts";
import { type RemoteServer, remoteServer, type Running, startRemote } from "../../support/remote.ts";
import { PROGRAM } from "../../support/cli.ts";
import { openTerminal } from "../../support/terminal.ts";
import { temporary } from "../../support/temporary.ts";

/** What a pipe may hold. */
const PIPE_BYTES = 65_536;

/** A job that prints the files 1, 2, ... of a directory as they come, and ends when there is a file `end`. */
async function slowJob(t: TestContext): Promise<{
  words: readonly string[];
  print(number: number, text?: string): Promise<void>;
  /** It was printed by the job; what a pipe holds of it may be unread by its keeper. */
  taken(number: number): Promise<void>;
  end(): Promise<void>;
}> {
  const directory = await temporary(t);
  return {
    words: ["verify", directory],
    print: async (number, text = `line ${number}\n`) => {
      await writeFile(join(directory, "aside"), text);
      await run(["mv", join(directory, "aside"), join(directory, `${number}`)]);
    },
    taken: (number) => waitFor(`part ${number}`, () => existsSync(join(directory, `${number}.done`))),
    end: () => writeFile(join(directory, "end"), ""),
  };
}

/** As a cable that is pulled: the ssh of the job is gone at once, for both sides. */
async function cut({ child }: Running): Promise<void> {
  const words = async (pid: number): Promise<string> =>
    (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
  for (const pid of await descendants(child.pid ?? 0))
    if (/^ssh .*ForwardAgent=yes/.test(await words(pid))) process.kill(pid, "SIGKILL");
}

test("remote runs a command: its output on both streams, its exit code; the portable file is brought once", async (t) => {
  const server = await remoteServer(t);
  await using first = startRemote(server, ["doctor"]);
  assert.equal(await first.code, 7, first.stderr());
  assert.equal(first.stdout(), "to stdout\n");
  assert.match(first.stderr(), /The portable file is sent to the server, once/);
  assert.match(first.stderr(), /^to stderr$/m);
  await using second = startRemote(server, ["doctor"]);
  assert.equal(await second.code, 7, second.stderr());
  assert.equal(second.stderr(), "to stderr\n");
  const names = await readdir(join(server.cache, "virt-p2v"));
  assert.equal(names.length, 1, names.join(" "));
  assert.match(names[0] ?? "", /^portable-[0-9a-f]{64}$/);
  const left = async (): Promise<readonly string[]> => await readdir(join(server.jobs, "virt-p2v-remote-0"));
  await waitFor("the end of the keepers", async () => (await left()).join() === "lock");
});

test("remote repairs a damaged file there", async (t) => {
  const server = await remoteServer(t);
  await startRemote(server, ["doctor"]).code;
  const [name = ""] = await readdir(join(server.cache, "virt-p2v"));
  await writeFile(join(server.cache, "virt-p2v", name), "#!/bin/sh\nexit 9\n");
  await using again = startRemote(server, ["doctor"]);
  assert.equal(await again.code, 7, again.stderr());
});

test("remote passes words as they are", async (t) => {
  const server = await remoteServer(t);
  const words = ["it's", '"$HOME" `id`', "two\nlines", "", "*", "a\\b", "ü€", "~", "--", "--json"];
  await using job = startRemote(server, ["check", "a b", ...words]);
  assert.equal(await job.code, 0, job.stderr());
  assert.equal(job.stdout(), `${["a b", ...words].map((word) => `<${word}>`).join("")}\n`);
});

test("remote goes on after a cut: nothing is lost, and nothing is printed twice", async (t) => {
  const server = await remoteServer(t);
  const job = await slowJob(t);
  await using first = startRemote(server, job.words);
  await job.print(1);
  await first.see(/line 1/);
  await cut(first);
  assert.equal(await first.code, 4);
  assert.match(first.stderr(), /broke; the job goes on there[^]*Run the same command again/);
  await job.print(2);
  await job.print(3);
  await using second = startRemote(server, job.words);
  await second.see(/line 3/);
  await job.print(4);
  await second.see(/line 4/);
  assert.match(second.stderr(), /It runs there since/);
  await cut(second);
  assert.equal(await second.code, 4);
  await job.print(5);
  await job.end();
  await using third = startRemote(server, job.words);
  assert.equal(await third.code, 5, third.stderr());
  const all = first.stdout() + second.stdout() + third.stdout();
  assert.equal(all, [1, 2, 3, 4, 5].map((number) => `line ${number}\n`).join(""));
});

test("remote passes Ctrl-C to the job, and SIGTERM leaves it alone", async (t) => {
  const server = await remoteServer(t);
  const job = await slowJob(t);
  await using first = startRemote(server, job.words);
  await job.print(1);
  await first.see(/line 1/);
  first.child.kill("SIGTERM");
  assert.equal(await first.code, 130, first.stderr());
  assert.match(first.stderr(), /The job goes on/);
  await using second = startRemote(server, job.words);
  await job.print(2);
  await second.see(/line 2/);
  second.child.kill("SIGINT");
  assert.equal(await second.code, 42, second.stderr());
  assert.match(second.stdout(), /interrupted/);
});

test("remote refuses a second command while one runs, and a later one says how the first ended", async (t) => {
  const server = await remoteServer(t);
  const job = await slowJob(t);
  await using first = startRemote(server, job.words);
  await job.print(1);
  await first.see(/line 1/);
  await using other = startRemote(server, ["doctor"]);
  assert.equal(await other.code, 4);
  assert.match(other.stderr(), new RegExp(`runs another command since [^]*: verify ${job.words[1]}`));
  await using taker = startRemote(server, job.words);
  assert.equal(await first.code, 4);
  assert.match(first.stderr(), /Another terminal has taken the job/);
  await cut(taker);
  await taker.code;
  await job.end();
  await waitFor("a later command", async () => {
    await using later = startRemote(server, ["doctor"]);
    const code = await later.code;
    if (code === 4) return false; // it still runs
    assert.equal(code, 7, later.stderr());
    assert.match(later.stderr(), /An earlier job there ended with code 5, and nobody saw it: verify/);
    return true;
  });
});

test("remote says of a job that was killed with its keeper, and begins anew", async (t) => {
  const server = await remoteServer(t);
  const job = await slowJob(t);
  await using first = startRemote(server, job.words);
  await job.print(1);
  await first.see(/line 1/);
  for (const pid of await descendants(1)) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (words.includes(`remote-job\0${server.jobs}/`)) process.kill(pid, "SIGKILL");
  }
  assert.equal(await first.code, 4, first.stderr());
  await job.end();
  await using second = startRemote(server, job.words);
  assert.equal(await second.code, 5, second.stderr());
  assert.match(second.stderr(), /An earlier job there was killed before its end/);
});

test("remote forwards the agent for its command alone, also after a cut", async (t) => {
  const target = await startSshd();
  t.after(() => target[Symbol.asyncDispose]());
  const directory = await temporary(t);
  const socket = join(directory, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  t.after(() => agent.kill());
  const added = (): Promise<boolean> =>
    run(["sh", "-c", 'SSH_AUTH_SOCK=$1 exec ssh-add -q "$2"', "sh", socket, target.userKeyPath]).then(
      () => true,
      () => false,
    );
  await waitFor("the agent", added);
  const server = await remoteServer(t, { env: { SSH_AUTH_SOCK: socket } });
  // The server knows the target and its host key, and has no key of its own.
  const config = join(directory, "there");
  const lines = (await readFile(target.sshConfigPath, "utf8")).split("\n");
  await writeFile(config, lines.filter((line) => !/Identit/.test(line)).join("\n"));
  const here = (await readFile(server.sshd.sshConfigPath, "utf8")).replace("IdentityAgent none", "");
  await writeFile(server.sshd.sshConfigPath, here);
  const words = ["inspect", "--disk", config];
  await using first = startRemote(server, words);
  await first.see(/waiting/);
  await cut(first);
  assert.equal(await first.code, 4);
  await using second = startRemote(server, words);
  await second.see(/It runs there/);
  await writeFile(`${config}.go`, "");
  assert.equal(await second.code, 0, second.stderr());
  assert.equal(second.stdout(), "reached\n");
});

test("remote says in words what will not do", async (t) => {
  const server = await remoteServer(t);
  const refused = async (
    on: RemoteServer,
    command: readonly string[],
    says: RegExp,
  ): Promise<number | null> => {
    await using job = startRemote(on, command);
    const code = await job.code;
    assert.match(job.stderr(), says);
    return code;
  };
  assert.equal(await refused(server, ["inpect"], /There is no command "inpect"[^]*inspect/), 2);
  assert.equal(await refused(server, ["remote", "ssh://x", "doctor"], /does not run itself/), 2);
  const without = { ...server, words: ["remote", `ssh://${server.sshd.hostAlias}`] };
  assert.equal(await refused(without, ["doctor"], /There is no portable file to bring/), 2);
  const other = join(await temporary(t), "portable");
  await writeFile(other, "#!/bin/sh\n# SPDX-License-Identifier: x\n# virt-p2v 0.0.1 for Linux on x86-64\n");
  const older = { ...server, words: ["remote", "--portable", other, `ssh://${server.sshd.hostAlias}`] };
  assert.equal(await refused(older, ["doctor"], /of version 0\.0\.1/), 2);
  const changed = await remoteServer(t, { knownHost: "wrong" });
  assert.equal(await refused(changed, ["doctor"], /another host key/), 4);
  const forced = await remoteServer(t, { serverLines: ["ForceCommand echo no"] });
  assert.equal(await refused(forced, ["doctor"], /login shell/), 4);
});

test("remote gives the job a terminal: a question, its answer from another terminal, a new size, Ctrl-C, ~. leaves", async (t) => {
  const server = await remoteServer(t);
  const argv = [PROGRAM, ...server.words, "report", "x"];
  await using first = await openTerminal(argv, { env: server.env });
  await first.see(/^24 80$/m);
  await first.see(/Begin\?$/m);
  await first.press("~", ".");
  assert.equal(await first.exitCode(), 0);
  await using second = await openTerminal(argv, { env: server.env, rows: 30 });
  await second.see(/It runs there since[^]*Begin\?/);
  await second.see(/30 80$/m);
  await second.resize(200);
  await second.see(/30 200$/m);
  await second.press("yes", "Enter");
  await second.see(/answer yes/);
  await second.press("C-c");
  await second.see(/interrupted/);
  assert.equal(await second.exitCode(), 42);
});

test("remote keeps the last of much output while nobody is there, and gives all of it to whoever is", async (t) => {
  const server = await remoteServer(t);
  const job = await slowJob(t);
  const MIB = 2 ** 20;
  await using first = startRemote(server, job.words);
  await job.print(1);
  await first.see(/line 1/);
  await cut(first);
  await first.code;
  await job.print(2, "x".repeat(12 * MIB));
  await job.print(3, "last\n");
  await job.taken(3);
  await using second = startRemote(server, job.words);
  await second.see(/last\n/);
  assert.match(second.stderr(), /MiB of what it printed meanwhile are no longer kept/);
  const kept = second.stdout().length;
  assert.ok(kept >= 8 * MIB && kept <= 8 * MIB + PIPE_BYTES, `${kept} bytes`);
  await job.print(4, `${"y".repeat(20 * MIB)}\n`);
  await job.end();
  assert.equal(await second.code, 5, second.stderr());
  assert.equal(second.stdout().length, kept + 20 * MIB + 1);
});

/** A server on which all directories of the portable file are like this, for its logins alone. */
const poor = (options: string): string => `#!/bin/sh
[ -n "$P2V_INSIDE" ] || P2V_INSIDE=yes exec unshare --mount sh "$0"
{
	${FORGET_MOUNTS}
	for d in /root /home /var/cache /var/tmp /run /tmp; do mount -t tmpfs -o ${options} tmpfs "$d" || exit 1; done
	unset XDG_CACHE_HOME TMPDIR
	exec sh -c "$SSH_ORIGINAL_COMMAND"
}
`;

for (const [options, says] of [
  ["size=8m", /\/var\/cache: 8 MiB free, \d+ are needed; \/var\/tmp: 8 MiB free/],
  ["size=8m,nr_blocks=1", /\/var\/cache: 0 MiB free, \d+ are needed/],
  ["size=1g,noexec", /\/var\/cache: mounted noexec; \/var\/tmp: mounted noexec/],
  ["size=1g,ro", /\/var\/cache: Read-only file system; \/var\/tmp: Read-only file system/],
  ["size=1g,mode=777", /others than this user may change what is in it/],
] as const)
  test(`remote says that there is no place where all directories have ${options}`, async (t) => {
    const login = join(await temporary(t), "login");
    await writeFile(login, poor(options), { mode: 0o755 });
    const server = await remoteServer(t, { serverLines: [`ForceCommand ${login}`] });
    await using job = startRemote(server, ["doctor"]);
    assert.equal(await job.code, 4, job.stderr());
    assert.match(job.stderr().replaceAll(/\s+/g, " "), says);
    assert.match(job.stderr(), /XDG_CACHE_HOME/);
  });
