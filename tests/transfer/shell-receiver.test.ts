// SPDX-License-Identifier: Apache-2.0
// Hosts where the agent cannot run, behind a real sshd: their own shell receives the copy, be it dash, bash or busybox.
import assert from "node:assert/strict";
import { chmod, mkdir, open, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { copyDisks, type CopyResult, finishDisks } from "../../src/copy/index.ts";
import { type Host, type JobEvent, UserError } from "../../src/core/index.ts";
import { sshHost } from "../../src/hosts/index.ts";
import { run } from "../../src/system/index.ts";
import { diskAt, isError, makeSource, MIB, NEVER, verify, wantedHash } from "../support/copies.ts";
import { temporary } from "../support/temporary.ts";
import { descendants, waitFor } from "../../lab/processes.ts";
import { startSshd } from "../../lab/sshd.ts";

type ShellName = "dash" | "bash" | "busybox";
type Place = { readonly source: string; readonly directory: string; readonly programs: string };

async function makePlace(t: TestContext): Promise<Place> {
  const top = await temporary(t);
  const place = { source: join(top, "source"), directory: join(top, "vm"), programs: join(top, "bin") };
  await makeSource(place.source);
  await mkdir(place.directory);
  await mkdir(place.programs);
  return place;
}

/** A host whose `sh` is this one; with busybox it has nothing else. `programs` come first on its PATH. */
async function connect(
  t: TestContext,
  name: ShellName,
  programs: string,
  more: readonly string[] = [],
): Promise<Host> {
  const shell = (await run(["sh", "-c", `command -v ${name}`])).stdout.trim();
  if (name === "busybox")
    for (const applet of (await run([shell, "--list"])).stdout.trim().split("\n"))
      await symlink(shell, join(programs, applet)).catch(() => undefined);
  else await symlink(shell, join(programs, "sh"));
  const login = join(programs, "p2v-login");
  const path = name === "busybox" ? programs : `${programs}:$PATH`;
  await writeFile(
    login,
    `#!${shell}${name === "busybox" ? " sh" : ""}\nPATH=${path}\nexport PATH\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n`,
  );
  await chmod(login, 0o755);
  const sshd = await startSshd({ serverLines: [`ForceCommand ${login}`, ...more] });
  t.after(() => sshd[Symbol.asyncDispose]());
  const destination = { kind: "ssh", user: null, host: sshd.hostAlias, port: null, path: "/x" } as const;
  const host = await sshHost({ destination, sshConfig: sshd.sshConfigPath, signal: NEVER });
  t.after(() => host[Symbol.asyncDispose]());
  return host;
}

type Options = {
  readonly receiver?: "auto" | "agent" | "shell";
  readonly onProgress?: (doneBytes: number) => void;
  readonly events?: JobEvent[];
  readonly retryForMs?: number;
  readonly signal?: AbortSignal;
};

const copy = (host: Host, { source, directory }: Place, options: Options = {}): Promise<CopyResult[]> =>
  copyDisks({
    host,
    directory,
    disks: [diskAt(source)],
    receiver: options.receiver ?? "shell",
    retryForMs: options.retryForMs ?? 0,
    pauseMs: () => 50,
    emit: (event) => {
      options.events?.push(event);
      if (event.type === "progress") options.onProgress?.(event.doneBytes);
    },
    signal: options.signal ?? NEVER,
  });

async function finishAndCheck(host: Host, place: Place, results: CopyResult[]): Promise<void> {
  const finished = results.map((one) => ({ ...one, format: "raw" as const }));
  await finishDisks(host, place.directory, finished);
  const [check] = await verify(place.directory, true);
  assert.equal(check?.sha256, await wantedHash(place.source));
  assert.ok(!(await readdir(place.directory)).includes(".p2v-lock"));
}

const freed = async (place: Place): Promise<void> => {
  const gone = async (): Promise<boolean> => !(await readdir(place.directory)).includes(".p2v-lock");
  await waitFor("the directory's lock to go", gone);
};

for (const name of ["dash", "bash", "busybox"] as const)
  test(`${name} receives a disk as the agent does, and finds it there the second time`, async (t) => {
    const place = await makePlace(t);
    const host = await connect(t, name, place.programs);
    const begun = performance.now();
    const results = await copy(host, place);
    t.diagnostic(`${Math.round(130 / ((performance.now() - begun) / 1000))} MiB/s`);
    assert.equal(results[0]?.receiver, "shell");
    await freed(place);
    const again = await copy(host, place);
    assert.ok((again[0]?.sentBytes ?? 1e9) < MIB, "all of it was there");
    assert.equal(again[0]?.rootSha256, results[0]?.rootSha256);
    await freed(place);
    await finishAndCheck(host, place, again);
    const { stdout } = await run(["du", "-k", join(place.directory, "web-1.img")]);
    if (name !== "busybox") assert.ok(Number.parseInt(stdout, 10) < 132 * 1024, "unused bytes are holes");
  });

test("what the agent began, a shell goes on with, and the other way round", async (t) => {
  for (const [first, second] of [
    ["agent", "shell"],
    ["shell", "agent"],
  ] as const) {
    const place = await makePlace(t);
    const host = await connect(t, "dash", place.programs);
    const abort = new AbortController();
    const onProgress = (done: number): void => {
      if (done > 50 * MIB) abort.abort(new Error("enough"));
    };
    await assert.rejects(copy(host, place, { receiver: first, onProgress, signal: abort.signal }), /enough/);
    await freed(place);
    const results = await copy(host, place, { receiver: second });
    assert.ok((results[0]?.cellsKept ?? 0) >= 40, `${results[0]?.cellsKept} cells kept by ${second}`);
    await freed(place);
    await finishAndCheck(host, place, results);
  }
});

test("a link that is cut is opened again, and nothing durable goes twice", async (t) => {
  const place = await makePlace(t);
  const host = await connect(t, "busybox", place.programs);
  let cut = false;
  const cutLink = async (): Promise<void> => {
    for (const pid of await descendants(process.pid)) {
      const { stdout } = await run(["ps", "-o", "args=", "-p", `${pid}`], { allowCodes: [1] });
      if (stdout.startsWith("ssh ") && stdout.includes("ControlPath=none")) process.kill(pid, "SIGKILL");
    }
  };
  const events: JobEvent[] = [];
  const onProgress = (done: number): void => {
    if (cut || done < 60 * MIB) return;
    cut = true;
    void cutLink();
  };
  const results = await copy(host, place, { onProgress, events, retryForMs: 60_000 });
  assert.ok(events.some((event) => event.type === "step" && /Trying again/.test(event.text)));
  await freed(place);
  await finishAndCheck(host, place, results);
  const { stdout } = await run(["du", "-k", join(place.directory, "web-1.img")]);
  assert.ok(Number.parseInt(stdout, 10) < 150 * 1024, "what nobody uses was not filled with zeros");
});

test("a host whose cache takes no agent is told, and its shell receives", async (t) => {
  const place = await makePlace(t);
  const host = await connect(t, "dash", place.programs, ["SetEnv XDG_CACHE_HOME=/dev/null/x"]);
  const events: JobEvent[] = [];
  const results = await copy(host, place, { receiver: "auto", events });
  const told = events.flatMap((event) => (event.type === "problem" ? [event.problem] : []));
  assert.equal(told.length, 1);
  assert.match(String(told[0]?.text), /cannot be placed on .*shell receives the copy instead/);
  assert.equal(results[0]?.receiver, "shell");
  await freed(place);
  await finishAndCheck(host, place, results);
  await assert.rejects(copy(host, place, { receiver: "agent" }), isError("host", "agent-not-placed"));
});

/** Once, the first byte of a cell is another one after it was written. */
const LYING_DD = `#!/bin/sh
case "$*" in
*of=web-1.img.partial*seek=48\\ *conv=notrunc*)
  /bin/dd "$@"; c=$?
  if mkdir "$P2V_ONCE" 2>/dev/null; then printf X | /bin/dd of=web-1.img.partial bs=1 seek=3145728 conv=notrunc 2>/dev/null; fi
  exit $c ;;
*) exec /bin/dd "$@" ;;
esac
`;

test("a byte that is wrong on the device is seen when it is read back, and the cell sent again", async (t) => {
  const place = await makePlace(t);
  const once = join(place.programs, "once");
  await writeFile(join(place.programs, "dd"), LYING_DD.replaceAll("$P2V_ONCE", once), { mode: 0o755 });
  const host = await connect(t, "dash", place.programs);
  const results = await copy(host, place);
  assert.ok((await readdir(place.programs)).includes("once"), "a byte was changed");
  await freed(place);
  await finishAndCheck(host, place, results);
});

test("when the program dies that should have read a cell, the guest's bytes are no commands", async (t) => {
  const place = await makePlace(t);
  const [sign, once] = [join(place.programs, "sign"), join(place.programs, "once")];
  const command = `: >${sign}; `;
  const lines = Buffer.from(`\n${command}\nx ${command}\np2v-0123456789abcdef ${command}\n`.repeat(2000));
  const file = await open(place.source, "r+");
  for (let at = 0; at < 90 * MIB; at += MIB) await file.write(lines, 0, lines.length, at + MIB / 2);
  await file.close();
  const dies = `case "$*" in bs=[0-9][0-9][0-9][0-9][0-9][0-9]*fullblock*) if mkdir ${once} 2>/dev/null; then kill -9 $$; fi;; esac`;
  await writeFile(join(place.programs, "dd"), `#!/bin/sh\n${dies}\nexec /bin/dd "$@"\n`, { mode: 0o755 });
  const host = await connect(t, "dash", place.programs);
  await assert.rejects(copy(host, place), isError("host", "link-lost"));
  const names = await readdir(place.programs);
  assert.ok(names.includes("once") && !names.includes("sign"));
});

test("a shell that answers nonsense, or without what is needed, ends the copy with advice", async (t) => {
  for (const [script, code] of [
    ['#!/bin/sh\nexec /bin/dd "$@" | tr a b\n', /link-lost|receiver-lacks-tools|agent-failed|host-no-shell/],
    [
      '#!/bin/sh\nfor w; do [ "$w" != iflag=fullblock ] || exit 1; done; exec /bin/dd "$@"\n',
      /link-lost|receiver-lacks-tools/,
    ],
  ] as const) {
    const place = await makePlace(t);
    await writeFile(join(place.programs, "dd"), script, { mode: 0o755 });
    const host = await connect(t, "dash", place.programs).catch((error: unknown) => error);
    if (host instanceof Error) continue; // not even the login went through
    await assert.rejects(copy(host as Host, place), (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.code, code);
      assert.notEqual(error.advice, "");
      return true;
    });
  }
});

test("a directory that another job holds is left alone, one of a dead process is taken", async (t) => {
  const place = await makePlace(t);
  const host = await connect(t, "bash", place.programs);
  const lock = join(place.directory, ".p2v-lock");
  const boot = (await run(["cat", "/proc/sys/kernel/random/boot_id"])).stdout.trim();
  const name = (await run(["uname", "-n"])).stdout.trim();
  const { stdout } = await run(["cut", "-d", " ", "-f", "22", `/proc/${process.pid}/stat`]);
  const holder = { job: "other", pid: process.pid, started: stdout.trim(), boot, host: name };
  await writeFile(lock, JSON.stringify(holder));
  await assert.rejects(copy(host, place), isError("destination", "destination-busy"));
  await writeFile(lock, JSON.stringify({ ...holder, started: "1" }));
  const results = await copy(host, place);
  await freed(place);
  await finishAndCheck(host, place, results);
});
