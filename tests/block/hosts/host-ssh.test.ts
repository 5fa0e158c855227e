// SPDX-License-Identifier: Apache-2.0
// The ssh host against a real sshd, also one whose login shell talks, and the ways in which a connection fails.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type Destination, type Host, UserError } from "../../../src/core/index.ts";
import { sshHost } from "../../../src/hosts/index.ts";
import { hostContract } from "../../contract/host.ts";
import { descendants, waitFor } from "../../../lab/processes.ts";
import { freePort, type Sshd, type SshdOptions, startSshd } from "../../../lab/sshd.ts";

const { signal } = new AbortController();

const destination = (
  part: Partial<Extract<Destination, { kind: "ssh" }>>,
): Extract<Destination, { kind: "ssh" }> => ({
  kind: "ssh",
  user: null,
  host: "p2v-test-host",
  port: null,
  path: "/x",
  ...part,
});

const connect = (sshd: Sshd, part: Partial<Extract<Destination, { kind: "ssh" }>> = {}): Promise<Host> =>
  sshHost({
    destination: destination({ host: sshd.hostAlias, ...part }),
    sshConfig: sshd.sshConfigPath,
    signal,
  });

let shared: Promise<Sshd> | null = null;
hostContract("sshHost()", async () => await connect(await (shared ??= startSshd())));
test("the server of the contract ends", async () => {
  await (await shared)?.[Symbol.asyncDispose]();
});

async function server(t: TestContext, options: SshdOptions = {}): Promise<Sshd> {
  const sshd = await startSshd(options);
  t.after(() => sshd[Symbol.asyncDispose]());
  return sshd;
}

const fails = (code: string) => (error: unknown) =>
  error instanceof UserError && error.area === "host" && error.code === code;

test("sshHost() refuses an unknown host key, and a changed one", async (t) => {
  await assert.rejects(connect(await server(t, { knownHost: "absent" })), fails("host-key-unknown"));
  await assert.rejects(connect(await server(t, { knownHost: "wrong" })), fails("host-key-changed"));
  const careless = await server(t, { knownHost: "absent", clientLines: ["StrictHostKeyChecking no"] });
  await assert.rejects(
    connect(careless),
    fails("host-key-unknown"),
    "the user's configuration cannot weaken it",
  );
});

test("sshHost() says why it cannot connect", async (t) => {
  const sshd = await server(t);
  await assert.rejects(connect(sshd, { port: await freePort() }), fails("host-refused"));
  await assert.rejects(connect(sshd, { host: "nowhere.invalid" }), fails("host-name-unknown"));
  await assert.rejects(connect(sshd, { user: "nobody" }), fails("host-login-refused"));
  const sshConfig = join(sshd.directory, "none");
  await assert.rejects(
    sshHost({ destination: destination({}), sshConfig, signal }),
    fails("ssh-config-wrong"),
  );
});

test("sshHost() is not confused by a login shell that talks, by forwardings, or a server with one session", async (t) => {
  const talk = 'echo Welcome, p2v-begin-ners; echo of many lines >&2; exec sh -c "$SSH_ORIGINAL_COMMAND"';
  const sshd = await server(t, {
    serverLines: [`ForceCommand ${talk}`, "MaxSessions 1", "Banner /etc/passwd"],
    clientLines: [
      "LocalForward 9 localhost:9",
      "RemoteCommand false",
      "RequestTTY force",
      "ControlMaster auto",
      `ControlPath /nowhere/%C`,
    ],
  });
  await using host = await connect(sshd);
  assert.deepEqual(await host.run(["echo", "clean"], { timeoutMs: 300_000, signal }), {
    code: 0,
    stdout: "clean\n",
    stderr: "of many lines",
  });
  assert.ok((await host.freeBytes("/")) > 0);
});

test("sshHost() works with dash, bash and busybox as login shells", async (t) => {
  for (const shell of ["busybox ash", "bash --posix", "dash"]) {
    const sshd = await server(t, { serverLines: [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`] });
    await using host = await connect(sshd);
    assert.equal(
      (await host.run(["printf", "%s", "it's $x"], { timeoutMs: 300_000, signal })).stdout,
      "it's $x",
    );
  }
});

test("sshHost() leaves no process and no file behind", async (t) => {
  const sshd = await server(t);
  {
    await using host = await connect(sshd);
    await host.kindOf("/");
    await host[Symbol.asyncDispose]();
  }
  await waitFor(
    "the end of ssh",
    async () => !(await commandsOf(await descendants(process.pid))).includes("ssh"),
  );
  for (const name of (await readdir("/tmp")).filter((one) => one.startsWith("p2v-ssh-"))) {
    const owner = await readFile(join("/tmp", name, "owner"), "utf8").catch(() => "");
    assert.ok(!owner.includes(`"pid":${process.pid},`), `${name} is left`);
  }
});

test("connectAgent() brings the agent once, repairs a damaged one, and two uploads do not collide", async (t) => {
  const sshd = await server(t);
  const cache = join(sshd.directory, "my cache");
  await mkdir(cache);
  const directory = join(sshd.directory, "vm");
  await mkdir(directory);
  const withCache = await server(t, { serverLines: [`SetEnv XDG_CACHE_HOME="${cache}"`] });
  const start = async (): Promise<void> => {
    await using host = await connect(withCache);
    await using link = await host.connectAgent({ directory, signal });
    assert.ok(link.stream.readable);
  };
  await Promise.all([start(), start()]);
  const names = (await readdir(join(cache, "virt-p2v"))).toSorted();
  assert.equal(names.length, 2, names.join(" "));
  assert.match(names.join(" "), /^agent-[0-9a-f]{64}\.mjs node-[0-9a-f]{64}$/);
  const [script = ""] = names;
  await writeFile(join(cache, "virt-p2v", script), "process.exit(9)");
  await start();
  assert.deepEqual((await readdir(join(cache, "virt-p2v"))).toSorted(), names);

  const without = await server(t, { serverLines: ["SetEnv XDG_CACHE_HOME=/dev/null/x"] });
  await using host = await connect(without);
  await assert.rejects(
    host.connectAgent({ directory, receiver: "agent", signal }),
    fails("agent-not-placed"),
  );
});

async function commandsOf(pids: readonly number[]): Promise<string[]> {
  return await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")).trim()),
  );
}
