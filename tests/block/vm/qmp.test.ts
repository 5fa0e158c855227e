// SPDX-License-Identifier: Apache-2.0
// The QMP client against a real QEMU.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { openQmp, QmpError, type QmpEvent } from "../../../src/vm/index.ts";

test("QEMU greets, answers, refuses, tells events and quits", async (t) => {
  const qemu = spawn(
    "qemu-system-x86_64",
    ["-machine", "none", "-nodefaults", "-display", "none", "-qmp", "stdio"],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  t.after(() => qemu.kill("SIGKILL"));
  const exited = once(qemu, "exit");
  const events: QmpEvent[] = [];
  const qmp = await openQmp({
    input: qemu.stdout,
    output: qemu.stdin,
    onEvent: (event) => events.push(event),
  });
  const version = (await qmp.execute("query-version")) as { qemu: { major: number } };
  assert.ok(version.qemu.major >= 5);
  await assert.rejects(
    qmp.execute("no-such-command"),
    (error) => error instanceof QmpError && error.kind === "CommandNotFound",
  );
  await qmp.execute("stop");
  await qmp.execute("quit");
  const [code] = (await exited) as [number];
  assert.equal(code, 0);
  assert.ok(events.some(({ name }) => name === "SHUTDOWN"));
  await assert.rejects(qmp.execute("query-version"), (error) => error instanceof QmpError);
});
