// SPDX-License-Identifier: Apache-2.0
// The same sources make the same bytes: in another directory, with nothing in the cache, on a machine of another name, with
// another umask, language, time zone and home.
import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { ARTIFACTS, readReleaseEpoch, readVersion } from "../../scripts/release/release.ts";
import { run } from "../../src/system/index.ts";
import { temporary } from "../support/temporary.ts";

const ONLY = ["deb", "portable", "npm"] as const;

test("two builds give identical bytes, and name neither this machine nor its directories", async (t) => {
  const directory = await temporary(t, { parent: "/var/tmp" });
  const other = join(directory, "a/clone of it");
  await mkdir(other, { recursive: true });
  const listed = await run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  for (const name of listed.stdout.split("\0").filter((path) => path !== "")) {
    await mkdir(dirname(join(other, name)), { recursive: true });
    await cp(name, join(other, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error; // removed, and not committed yet
    });
  }
  await cp("node_modules", join(other, "node_modules"), { recursive: true, verbatimSymlinks: true });

  const epoch = `${await readReleaseEpoch(t.signal)}`;
  const [here, there] = [join(directory, "here"), join(directory, "there")];
  const build = (clone: string, out: string, more: Readonly<Record<string, string>>): Promise<unknown> => {
    const node = [join(clone, "node_modules/.bin/node"), "scripts/release/main.ts"];
    const script = `umask "$UMASK"; exec "$@" --draft --quick --only ${ONLY.join(",")} --out "$OUT"`;
    const named = `hostname "$HOST_NAME"; ${script}`;
    return run(["unshare", "--uts", "sh", "-c", named, "sh", ...node], {
      cwd: clone,
      timeoutMs: 30 * 60_000,
      env: { SOURCE_DATE_EPOCH: epoch, OUT: out, UMASK: "022", HOST_NAME: "here", ...more },
    });
  };
  await build(resolve("."), here, {});
  const strange = {
    HOST_NAME: "elsewhere",
    UMASK: "077",
    TZ: "Asia/Tokyo",
    LC_ALL: "C.UTF-8",
    HOME: directory,
  };
  await build(other, there, { ...strange, P2V_CACHE: join(directory, "cache") });

  const version = await readVersion();
  const names = ONLY.map((artifact) => ARTIFACTS[artifact](version));
  assert.deepEqual(await readdir(here), ["SHA256SUMS", ...names].toSorted());
  const sums = (out: string): Promise<string> => readFile(join(out, "SHA256SUMS"), "utf8");
  assert.equal(await sums(there), await sums(here));
  for (const out of [here, there])
    await run(["sha256sum", "--check", "--strict", "SHA256SUMS"], { cwd: out });

  const opened = join(directory, "opened");
  await run(["dpkg-deb", "--raw-extract", join(here, ARTIFACTS.deb(version)), opened], {
    timeoutMs: 300_000,
  });
  const patterns = [resolve("."), directory].flatMap((word) => ["-e", word]);
  const grep = await run(["grep", "-rlF", ...patterns, opened], { allowCodes: [1], timeoutMs: 300_000 });
  assert.equal(grep.stdout, "", "names of our directories");
});
