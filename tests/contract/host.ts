// SPDX-License-Identifier: Apache-2.0
// What every Host does, here and over ssh.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Host, UserError } from "../../src/core/index.ts";
import { waitFor } from "../../lab/processes.ts";

/** `open` gives a host that is this very machine, so that the suite can look at what it did. */
export function hostContract(name: string, open: () => Promise<Host & AsyncDisposable>): void {
  const { signal } = new AbortController();
  const check = (what: string, body: (host: Host, directory: string) => Promise<void>): void => {
    test(`${name} ${what}`, async () => {
      // A blank, quotes and shell characters in every path.
      const directory = await mkdtemp(join(tmpdir(), 'p2v-host it\'s $HOME `id` "q" '));
      try {
        await using host = await open();
        await body(host, directory);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  };
  const run = (host: Host, argv: readonly string[]): ReturnType<Host["run"]> =>
    host.run(argv, { timeoutMs: 300_000, signal });

  check("makes directories, with parents, private", async (host, directory) => {
    const path = join(directory, "a b", "c");
    await host.makeDirectory(path, { mode: 0o700 });
    await host.makeDirectory(path, { mode: 0o700 });
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal((await stat(join(directory, "a b"))).mode & 0o777, 0o700);
  });

  check("tells files, directories, others and nothing apart", async (host, directory) => {
    await writeFile(join(directory, "f"), "");
    await symlink("/nowhere", join(directory, "l"));
    assert.equal(await host.kindOf(join(directory, "f")), "file");
    assert.equal(await host.kindOf(directory), "directory");
    assert.equal(await host.kindOf(join(directory, "l")), "other");
    assert.equal(await host.kindOf("/dev/null"), "other");
    assert.equal(await host.kindOf(join(directory, "none")), "absent");
    assert.equal(await host.kindOf(join(directory, "f", "below")), "absent");
  });

  check("lists names as they are, hidden ones too", async (host, directory) => {
    assert.deepEqual(await host.list(directory), []);
    const names = [".hidden", "-n", "a b", "it's", "*", "ü"];
    for (const file of names) await writeFile(join(directory, file), "");
    await symlink("/nowhere", join(directory, "dangling"));
    assert.deepEqual(
      await host.list(directory),
      [...names, "dangling"].toSorted((a, b) => (a < b ? -1 : 1)),
    );
  });

  check("writes files whole, with their mode, and reads them back", async (host, directory) => {
    const path = join(directory, "manifest.json");
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
    await host.writeFile(path, bytes, { mode: 0o600 });
    assert.ok((await readFile(path)).equals(bytes));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await host.writeFile(path, Buffer.alloc(0), { mode: 0o755 });
    assert.equal((await stat(path)).mode & 0o777, 0o755);
    assert.equal((await host.readFile(path, { maxBytes: 10 }))?.length, 0);
    await host.writeFile(path, bytes, { mode: 0o600 });
    assert.deepEqual(Buffer.from((await host.readFile(path, { maxBytes: 70_000 })) ?? []), bytes);
    assert.deepEqual(await host.list(directory), ["manifest.json"]);
  });

  check("reads no more than it is asked, and null where nothing is", async (host, directory) => {
    await writeFile(join(directory, "f"), "0123456789");
    await assert.rejects(host.readFile(join(directory, "f"), { maxBytes: 9 }), RangeError);
    assert.equal(await host.readFile(join(directory, "none"), { maxBytes: 9 }), null);
    assert.equal(await host.readFile(directory, { maxBytes: 9 }), null);
  });

  check("renames over what is there, and removes trees", async (host, directory) => {
    await writeFile(join(directory, "-a"), "new");
    await writeFile(join(directory, "b"), "old");
    await host.rename(join(directory, "-a"), join(directory, "b"));
    assert.equal(await readFile(join(directory, "b"), "utf8"), "new");
    await mkdir(join(directory, "tree", "deep"), { recursive: true });
    await host.remove(join(directory, "tree"));
    await host.remove(join(directory, "tree"));
    assert.deepEqual(await host.list(directory), ["b"]);
    await assert.rejects(host.remove("/"), RangeError);
  });

  check("knows free and occupied bytes", async (host, directory) => {
    assert.ok((await host.freeBytes(directory)) > 2 ** 20);
    await writeFile(join(directory, "f"), Buffer.alloc(300_000, 1));
    const occupied = await host.occupiedBytes(join(directory, "f"));
    assert.ok(occupied >= 300_000 && occupied < 400_000, `${occupied}`);
  });

  check("finds programs", async (host) => {
    assert.match((await host.which("sh")) ?? "", /\/sh$/);
    assert.equal(await host.which("p2v-no-such-program"), null);
    assert.equal(await host.which("cd"), null);
  });

  check("runs programs: words, both streams, the code", async (host, directory) => {
    const words = ["a b", "it's", "$HOME", "`id`", "", "*", "\\n", "!x", '"', "ü"];
    assert.equal((await run(host, ["printf", "%s|", ...words])).stdout, `${words.join("|")}|`);
    assert.deepEqual(await run(host, ["sh", "-c", "echo out; echo err >&2; exit 7"]), {
      code: 7,
      stdout: "out\n",
      stderr: "err",
    });
    assert.equal((await run(host, ["cat"])).stdout, "", "stdin is empty");
    assert.equal((await run(host, ["ls", join(directory, "none")])).code, 2);
    assert.equal((await run(host, ["p2v-no-such-program"])).code, 127);
    assert.equal((await run(host, ["sh", "-c", "exit 255"])).code, 255, "not taken for a failure of ssh");
  });

  check("ends what runs too long, or is not wanted any more", async (host) => {
    await assert.rejects(host.run(["sleep", "30"], { timeoutMs: 200, signal }), /took longer/);
    await assert.rejects(host.run(["sleep", "30"], { timeoutMs: 1, signal }), /took longer/); // before it is connected
    const abort = new AbortController();
    const running = host.run(["sleep", "30"], { timeoutMs: 300_000, signal: abort.signal });
    setTimeout(() => abort.abort(new Error("enough")), 100);
    await assert.rejects(running, /enough/);
  });

  check("says what cannot be done, on what", async (host, directory) => {
    await writeFile(join(directory, "f"), "");
    for (const act of [
      () => host.makeDirectory(join(directory, "f", "below"), { mode: 0o700 }),
      () => host.writeFile(join(directory, "none", "f"), Buffer.alloc(1), { mode: 0o600 }),
      () => host.rename(join(directory, "none"), join(directory, "g")),
      () => host.freeBytes(join(directory, "none")),
    ])
      await assert.rejects(
        act(),
        (error) =>
          error instanceof UserError && error.area === "destination" && error.message.includes(directory),
      );
    await assert.rejects(host.kindOf("/a\nb"), RangeError);
  });

  check("spawns a program with its streams, and ends it with the scope", async (host) => {
    let pid = 0;
    {
      await using process = await host.spawn(
        ["sh", "-c", "echo $$; read -r line; echo got $line; exec sleep 1000"],
        { signal },
      );
      let said = "";
      process.stdout.on("data", (part: Buffer) => (said += part.toString()));
      process.stdin.write("hello\n");
      await waitFor("its answer", () => /got hello/.test(said));
      pid = Number.parseInt(said, 10);
      assert.ok(isAlive(pid));
    }
    await waitFor("its end", () => !isAlive(pid));
  });

  check("spawns a program and tells its end", async (host) => {
    await using process = await host.spawn(["sh", "-c", "echo words >&2; exit 3"], { signal });
    process.stdout.resume();
    assert.equal(await process.exited, 3);
    assert.match(process.stderrTail(), /words/);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
