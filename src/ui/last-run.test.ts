// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../core/index.ts";
import { temporary } from "../../tests/support/temporary.ts";
import { beginRun, endRun, readLastRun } from "./last-run.ts";

/** Gives the directory in which the last run is kept; it is not there yet. */
async function ownState(t: TestContext): Promise<string> {
  const before = process.env["XDG_STATE_HOME"];
  const state = join(await temporary(t), "state");
  process.env["XDG_STATE_HOME"] = state;
  t.after(() => {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
  });
  return join(state, "virt-p2v");
}

const failure = (): Error => new Error("no luck with https://joe:SECRET@host/ and token=SECRET");

test("a run that failed is kept with its error, for this user only, and without secrets", async (t) => {
  const directory = await ownState(t);
  assert.equal(await readLastRun(), null);
  beginRun(["virt-p2v", "plan", "--password", "SECRET", "--to", "dir:/vms"], { trace: "run.trace" });
  await endRun({ code: 1, error: failure() });
  const run = await readLastRun();
  assert.equal(run?.command, "virt-p2v plan --password '***' --to dir:/vms");
  assert.equal(run.trace, join(process.cwd(), "run.trace"));
  assert.equal(run.end?.code, 1);
  assert.match(
    run.end?.error ?? "",
    /a bug; please report it:\nError: no luck with https:\/\/joe:\*\*\*@host/,
  );
  assert.doesNotMatch(JSON.stringify(run), /SECRET/);
  assert.equal((await stat(join(directory, "last-run.json"))).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
});

test("a run that only looked, and was right, leaves the last one as it is", async (t) => {
  await ownState(t);
  beginRun(["virt-p2v", "migrate"], { trace: null });
  await endRun({ code: 4, error: new UserError("host-timeout", "It is away", { advice: "Look there" }) });
  beginRun(["virt-p2v", "inspect"], { trace: null });
  await endRun({ code: 0, error: null });
  assert.equal((await readLastRun())?.command, "virt-p2v migrate");
  assert.match((await readLastRun())?.end?.error ?? "", /^virt-p2v: It is away\n {2}Look there/);
});

test("where nothing can be kept, or what is there is not ours, nothing fails", async (t) => {
  const directory = await ownState(t);
  await mkdir(directory, { recursive: true });
  for (const text of ["", "{", "null", '{"format":"last-run/9"}']) {
    await writeFile(join(directory, "last-run.json"), text);
    assert.equal(await readLastRun(), null, text);
  }
  for (const nowhere of ["/proc/nowhere", join(directory, "last-run.json"), "/nonexistent/deep/down"]) {
    process.env["XDG_STATE_HOME"] = nowhere;
    beginRun(["virt-p2v", "migrate"], { trace: null });
    await endRun({ code: 1, error: failure() });
    assert.equal(await readLastRun(), null);
  }
});
