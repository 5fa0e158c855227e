// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { encodeFrame, FrameReader, readFirst } from "./frames.ts";
import { parseMessage, parseRequest } from "./messages.ts";

test("frames come out as they went in, however they are cut", () => {
  const bytes = Buffer.concat([
    encodeFrame("input", Buffer.from("a")),
    encodeFrame("done"),
    encodeFrame("end", { code: 3 }),
  ]);
  for (let step = 1; step <= bytes.length; step += 1) {
    const reader = new FrameReader();
    const frames = [];
    for (let at = 0; at < bytes.length; at += step)
      frames.push(...reader.push(bytes.subarray(at, at + step)));
    assert.deepEqual(
      frames.map(({ kind, payload }) => `${kind} ${payload.toString()}`),
      ["input a", "done ", 'end {"code":3}'],
    );
  }
});

test("what is no frame is refused, and so is a message of other values", async () => {
  assert.throws(() => new FrameReader().push(Buffer.from("Welcome to this server\n")), RangeError);
  assert.throws(() => new FrameReader().push(Buffer.of(1, 0, 0, 0, 255)), RangeError);
  assert.throws(() => parseMessage("end", { kind: "end", payload: Buffer.from("{}") }), RangeError);
  assert.throws(() => parseRequest("../../etc"), RangeError);
  assert.equal(await readFirst(Readable.from([Buffer.of(1)])), null);
});
