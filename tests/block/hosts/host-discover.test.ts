// SPDX-License-Identifier: Apache-2.0
// A host is asked what it is, for real: this machine, by its own shell and by the smallest one.
import assert from "node:assert/strict";
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { discoverHost, localHost, parseHostFacts, sshHost } from "../../../src/hosts/index.ts";
import { DISCOVER } from "../../../src/hosts/discover/script.ts";
import { run } from "../../../src/system/index.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { temporary } from "../../support/temporary.ts";

const { signal } = new AbortController();

test("discoverHost() tells what this machine is", async (t) => {
  const directory = join(await temporary(t), "it's  a $(place)");
  await mkdir(directory);
  await using host = localHost();
  const facts = await discoverHost(host, { directories: [directory], signal });
  assert.equal(facts.title, "this machine");
  assert.equal(facts.arch, process.arch === "x64" ? "x86_64" : facts.arch);
  assert.equal(facts.user.isRoot, process.getuid?.() === 0);
  assert.deepEqual(facts.cpu.threads, { kind: "known", value: cpus().length });
  assert.ok(facts.memory.kind === "known");
  assert.equal(facts.memory.value.totalBytes, totalmem());
  const storage = facts.storages.find(({ path }) => path === directory);
  assert.equal(storage?.usable, true);
  const { blocks, bsize } = await statfs(directory);
  assert.deepEqual(storage?.sizeBytes, { kind: "known", value: blocks * bsize });
});

test("discoverHost() over ssh, where a login script talks, says the same", async (t) => {
  await using host = localHost();
  const here = await discoverHost(host, { signal });
  const sshd = await startSshd({
    serverLines: [`ForceCommand sh -c 'echo Welcome; echo "p2v-x end"; exec sh -c "$SSH_ORIGINAL_COMMAND"'`],
  });
  t.after(() => sshd[Symbol.asyncDispose]());
  await using there = await sshHost({
    destination: { kind: "ssh", user: null, host: sshd.hostAlias, port: null, path: "/x" },
    sshConfig: sshd.sshConfigPath,
    signal,
  });
  const facts = await discoverHost(there, { signal });
  const steady = ({ kind, system, arch, cpu, networks, vms, problems }: typeof facts) => ({
    kind,
    system,
    arch,
    cpu,
    networks,
    vms,
    problems,
  });
  assert.deepEqual(steady(facts), steady(here));
});

test("the question is one line, and understood by dash, bash and busybox", async () => {
  assert.doesNotMatch(DISCOVER, /[\n\0]/);
  for (const shell of [["dash"], ["bash", "--posix"], ["busybox", "sh"]]) {
    const { stdout } = await run([...shell, "-c", DISCOVER, "sh", "m", "/tmp"], { timeoutMs: 60_000 });
    const facts = parseHostFacts(stdout, {
      mark: "m",
      title: shell.join(" "),
      asked: { fromMs: Date.now(), toMs: Date.now() },
    });
    assert.equal(facts?.storages[0]?.path, "/tmp", stdout);
    assert.equal(facts.cpu.threads.kind, "known");
    assert.ok(facts.clockAheadSeconds.kind === "known" && Math.abs(facts.clockAheadSeconds.value) < 60);
  }
});

test("shellcheck finds nothing in the question that matters", async (t) => {
  const file = join(await temporary(t), "discover.sh");
  await writeFile(file, `#!/bin/sh\n${DISCOVER}\n`);
  // Words of commands are split on purpose (SC2086), `s` calls functions by name (SC2317, SC2329), $1 of awk and the
  // like stand in single quotes (SC2016), a format comes from a variable (SC2059).
  const { stdout } = await run(["shellcheck", "-s", "sh", "-e", "SC2086,SC2317,SC2329,SC2016,SC2059", file], {
    allowCodes: [1],
  });
  assert.equal(stdout, "");
});

test("a host that breaks off is told so", async () => {
  await using host = localHost();
  const broken = {
    ...host,
    title: "broken",
    run: () => Promise.resolve({ code: 1, stdout: "", stderr: "x" }),
  };
  await assert.rejects(discoverHost(broken, { signal }), { code: "host-no-answer" });
});
