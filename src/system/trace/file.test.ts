// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmod, link, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { run } from "../programs/run.ts";
import { TraceFile } from "./file.ts";
import { TRACE_HEAD } from "./line.ts";

const refuses = (path: string, code: string, says: RegExp): void =>
  assert.throws(
    () => new TraceFile(path),
    (error) =>
      error instanceof UserError && error.area === "usage" && error.code === code && says.test(error.message),
  );

test("a trace is for its owner only, each line is there at once, and a second run appends", async (t) => {
  const path = join(await temporary(t), "trace");
  const first = new TraceFile(path);
  first.write("one\n", { failed: false });
  assert.match(await readFile(path, "utf8"), /^# virt-p2v trace 1\n(# .*\n)+one\n$/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  first.close();
  first.write("late\n", { failed: true });
  await chmod(path, 0o644);
  const second = new TraceFile(path);
  second.write("two\n", { failed: false });
  second.close();
  assert.match(await readFile(path, "utf8"), /\none\ntwo\n$/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("a link, a fifo, a device, a directory or somebody's file is refused, and stays as it is", async (t) => {
  const directory = await temporary(t);
  const at = (name: string): string => join(directory, name);
  await writeFile(at("file"), "precious");
  await writeFile(at("trace"), TRACE_HEAD);
  await symlink(at("trace"), at("link"));
  await symlink(at("absent"), at("dangling"));
  await link(at("trace"), at("hard"));
  await run(["mkfifo", at("fifo")]);
  await mkdir(at("directory"));
  refuses(at("file"), "trace-not-ours", /exists and is not a trace/);
  refuses(at("link"), "trace-not-ours", /is not a regular file/);
  refuses(at("dangling"), "trace-not-ours", /is not a regular file/);
  refuses(at("hard"), "trace-not-ours", /second name/);
  refuses(at("fifo"), "trace-not-ours", /is not a regular file/);
  refuses("/dev/null", "trace-not-ours", /is not a regular file/);
  refuses(at("directory"), "trace-not-ours", /is not a regular file/);
  refuses(at("none/trace"), "trace-not-written", /ENOENT/);
  refuses(at("file/trace"), "trace-not-written", /ENOTDIR/);
  assert.equal(await readFile(at("file"), "utf8"), "precious");
  assert.equal(await readFile(at("trace"), "utf8"), TRACE_HEAD);
  await assert.rejects(stat(at("absent")));
});

test("another user's trace is refused", {
  skip: process.getuid?.() === 0 ? false : "needs root",
}, async (t) => {
  const path = join(await temporary(t), "trace");
  await writeFile(path, TRACE_HEAD);
  await run(["chown", "65534", path]);
  refuses(path, "trace-not-ours", /belongs to another user/);
});

test("a full trace says so, and has room for the programs that fail", async (t) => {
  const path = join(await temporary(t), "trace");
  const maxBytes = 2 ** 20 + 2000;
  const file = new TraceFile(path, { maxBytes });
  const fill = (name: string, failed: boolean): void => {
    for (let count = 0; count < 4000; count += 1) file.write(`${name} ${"x".repeat(500)}\n`, { failed });
  };
  fill("good", false);
  fill("bad", true);
  fill("good", false);
  file.close();
  const text = await readFile(path, "utf8");
  assert.ok(text.length < maxBytes + 200, `${text.length}`);
  assert.match(
    text,
    /\n(good .*\n)+# cut: .* only programs that fail are recorded\n(bad .*\n)+# cut: .* nothing more is recorded\n$/,
  );
  assert.equal(file.trouble, null);
});
