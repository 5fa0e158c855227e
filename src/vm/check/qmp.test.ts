// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test, type TestContext } from "node:test";
import { openQmp, type Qmp, QmpError, type QmpEvent } from "./qmp.ts";

type Answer = (command: string, id: number) => string;

/** A QEMU that greets, and answers each command as given here. */
async function connect(
  t: TestContext,
  answer: Answer,
): Promise<{ qmp: Qmp; events: QmpEvent[]; input: PassThrough }> {
  const input = new PassThrough();
  const output = new PassThrough();
  t.after(() => input.end());
  output.on("data", (bytes: Buffer) => {
    for (const line of bytes.toString().trim().split("\n")) {
      const { execute, id } = JSON.parse(line) as { execute: string; id: number };
      input.write(execute === "qmp_capabilities" ? `{"return":{},"id":${id}}\n` : answer(execute, id));
    }
  });
  const events: QmpEvent[] = [];
  const opened = openQmp({ input, output, onEvent: (event) => events.push(event) });
  input.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
  return { qmp: await opened, events, input };
}

const kind = (expected: string) => (error: unknown) => error instanceof QmpError && error.kind === expected;

test("execute() gives the answer to its own command, whatever comes between", async (t) => {
  const { qmp, events } = await connect(t, (command, id) =>
    command === "first"
      ? ""
      : `{"event":"RESET","data":{"guest":true},"timestamp":{}}\n{"return":2,"id":${id}}\n{"return":1,"id":${id - 1}}\n`,
  );
  const first = qmp.execute("first");
  assert.equal(await qmp.execute("second"), 2);
  assert.equal(await first, 1);
  assert.deepEqual(events, [{ name: "RESET", data: { guest: true } }]);
});

test("execute() throws QEMU's refusal", async (t) => {
  const { qmp } = await connect(t, (_, id) => `{"error":{"class":"GenericError","desc":"no"},"id":${id}}\n`);
  await assert.rejects(qmp.execute("x"), kind("GenericError"));
});

test("execute() ends when QEMU does, says nothing, or says nonsense", async (t) => {
  const silent = await connect(t, () => "");
  await assert.rejects(silent.qmp.execute("x", {}, { timeoutMs: 20 }), kind("Timeout"));
  const waiting = silent.qmp.execute("y");
  silent.input.end();
  await assert.rejects(waiting, kind("Closed"));
  await assert.rejects(silent.qmp.execute("z"), kind("Closed"));
  const nonsense = await connect(t, () => "<html>\n");
  await assert.rejects(nonsense.qmp.execute("x"), kind("Protocol"));
});

test("a line without end is not an answer", async (t) => {
  const { qmp } = await connect(t, () => "x".repeat(3 * 2 ** 20));
  await assert.rejects(qmp.execute("x"), kind("Closed"));
});

test("openQmp() throws when nobody greets", async () => {
  const input = new PassThrough();
  const opened = openQmp({ input, output: new PassThrough(), onEvent: () => undefined, timeoutMs: 20 });
  await assert.rejects(opened, kind("Timeout"));
  input.end();
});
