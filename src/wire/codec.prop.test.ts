// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeFrame, type Frame, FrameDecoder, MAX_HEAD_BYTES, MAX_PAYLOAD_BYTES } from "./codec.ts";
import { ProtocolError } from "./messages.ts";

const frame = fc
  .tuple(
    fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { maxKeys: 5 }),
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([head, payload]) => ({
    head: { ...head, wireBytes: payload.length },
    payload: Buffer.from(payload),
  }));

const encoded = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(frames.flatMap(({ head, payload }) => encodeFrame(head, payload)));

function decoded(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const decoder = new FrameDecoder();
  const points = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const frames = points.flatMap((at, i) => [...decoder.push(bytes.subarray(at, points[i + 1] ?? at))]);
  decoder.end();
  return frames;
}

test("decode(encode(frames)) gives the frames, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, cuts) => {
      // JSON has no -0 and no prototype: the heads are compared as JSON gives them.
      const want = frames.map(({ head, payload }) => ({ head: JSON.parse(JSON.stringify(head)), payload }));
      assert.deepEqual(decoded(encoded(frames), cuts), want);
    }),
  );
});

test("decode() fed byte by byte gives the frames", () => {
  fc.assert(
    fc.property(frame, (one) => {
      const bytes = encoded([one]);
      assert.equal(
        decoded(
          bytes,
          Array.from({ length: bytes.length }, (_, i) => i),
        ).length,
        1,
      );
    }),
    { numRuns: 20 },
  );
});

test("a cut frame is noticed at its end", () => {
  fc.assert(
    fc.property(frame, fc.nat(), (one, cut) => {
      const bytes = encoded([one]);
      const at = cut % bytes.length;
      const decoder = new FrameDecoder();
      assert.deepEqual([...decoder.push(bytes.subarray(0, at))], []);
      if (at > 0) assert.throws(() => decoder.end(), ProtocolError);
    }),
  );
});

test("hostile bytes are refused or waited for, and take no memory they did not send", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), (bytes) => {
      const decoder = new FrameDecoder();
      try {
        for (const { head, payload } of decoder.push(bytes)) {
          assert.equal(typeof head, "object");
          assert.ok(payload.length <= bytes.length);
        }
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 1000 },
  );
});

const head = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
};

for (const [what, bytes] of [
  ["an empty head", Buffer.alloc(4)],
  ["a head over 64 KiB", Buffer.from([0, 1, 0, 1])],
  ["a head of 4 GiB", Buffer.from([255, 255, 255, 255])],
  ["a head that is not JSON", head("{")],
  ["a head that is an array", head("[]")],
  ["a head that is null", head("null")],
  ["a negative payload", head('{"wireBytes":-1}')],
  ["a payload over the limit", head(`{"wireBytes":${MAX_PAYLOAD_BYTES + 1}}`)],
  ["a payload of 1e300 bytes", head('{"wireBytes":1e300}')],
  ["a payload of half a byte", head('{"wireBytes":0.5}')],
  ["a payload whose length is text", head('{"wireBytes":"5"}')],
] as const)
  test(`decode() refuses ${what}`, () => {
    assert.throws(() => [...new FrameDecoder().push(bytes)], ProtocolError);
  });

test("encode() refuses what the other side would", () => {
  assert.throws(() => encodeFrame({ wireBytes: 3 }, Buffer.alloc(2)), RangeError);
  assert.throws(() => encodeFrame({ x: "a".repeat(MAX_HEAD_BYTES) }), RangeError);
  assert.throws(
    () => encodeFrame({ wireBytes: MAX_PAYLOAD_BYTES + 1 }, Buffer.alloc(MAX_PAYLOAD_BYTES + 1)),
    RangeError,
  );
});
