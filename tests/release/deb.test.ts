// SPDX-License-Identifier: Apache-2.0
// The Debian package: what is in it, what lintian says, and that apt installs it in a clean Debian 12, where it works.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeDeb } from "../../scripts/release/deb/deb.ts";
import { readRunPackages } from "../../scripts/release/run-packages.ts";
import { run } from "../../src/system/index.ts";
import { releaseFor } from "../support/release/artifacts.ts";
import { installAndMigrate } from "../support/release/installed-deb.ts";

test("lintian finds nothing, and the package depends on what scripts/setup.sh installs", async (t) => {
  const deb = await makeDeb(await releaseFor(t));
  const lintian = await run(["lintian", "--allow-root", "--fail-on", "error,warning", deb], {
    timeoutMs: 10 * 60_000,
    allowCodes: [2],
  });
  assert.equal(lintian.stdout, "");
  const field = async (name: string): Promise<string> =>
    (await run(["dpkg-deb", "--field", deb, name])).stdout.trim();
  const { needed, useful } = await readRunPackages();
  const names = (list: string): readonly string[] =>
    list.split(", ").map((entry) => entry.split(" ")[0] ?? "");
  for (const name of needed) assert.ok(names(await field("Depends")).includes(name), name);
  for (const name of useful) assert.ok(names(await field("Recommends")).includes(name), name);
  assert.match(await field("Version"), /^1:/, "newer than Debian's package of the older program");
  const { stdout } = await run(["dpkg-deb", "--contents", deb]);
  for (const path of [
    "./usr/bin/virt-p2v -> ../lib/virt-p2v/bin/virt-p2v",
    "./usr/lib/virt-p2v/node",
    "./usr/lib/virt-p2v/LICENSES",
    "./usr/share/man/man1/virt-p2v.1.gz",
    "./usr/share/bash-completion/completions/virt-p2v",
    "./usr/share/doc/virt-p2v/copyright",
  ])
    assert.ok(
      stdout.split("\n").some((line) => line.endsWith(` ${path}`)),
      path,
    );
  for (const line of stdout.trim().split("\n")) assert.match(line, / root\/root /);
});

test("what Node asks of the C libraries is what the package depends on", async () => {
  const { stdout } = await run(["objdump", "-T", process.execPath], { maxOutputBytes: 2 ** 28 });
  const newest = (name: string): string => {
    const found = [...stdout.matchAll(new RegExp(`\\(?${name}_(\\d+(?:\\.\\d+)+)\\)?`, "g"))].map(
      ([, version = ""]) => version,
    );
    return found.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1) ?? "";
  };
  assert.deepEqual([newest("GLIBC"), newest("GLIBCXX")], ["2.28", "3.4.21"], "see OF_NODE in control.ts");
});

test("in a clean Debian 12: apt installs it with its dependencies, and it migrates a small disk", (t) =>
  installAndMigrate(t, "bookworm"));
