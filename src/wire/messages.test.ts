// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FromAgent, parseFromAgent, parseToAgent, ProtocolError, type ToAgent } from "./messages.ts";

const sha256 = "ab".repeat(32);

const toAgent: readonly ToAgent[] = [
  { type: "hello", protocols: [1], release: "0.1.0", job: "a-1", lane: 0, lanes: 2 },
  {
    type: "open",
    seq: 1,
    disk: "web-1.img",
    sizeBytes: 1,
    segmentBytes: 2 ** 20,
    format: "raw",
    mode: "resume",
    join: false,
  },
  { type: "data", seq: 2, disk: "web-1.img", start: 0, length: 1, codec: "zstd", wireBytes: 9, sha256 },
  { type: "zero", seq: 3, disk: "web-1.img", start: 0, end: 1 },
  { type: "hash-range", seq: 4, disk: "web-1.img", start: 0, end: 1 },
  { type: "list", seq: 5, disk: "web-1.img", first: 0, count: 1 },
  { type: "close", seq: 6, disk: "web-1.img" },
  { type: "ping", seq: 7 },
  { type: "bye" },
];

const problem = {
  code: "destination-full",
  text: "No space",
  advice: "Free some",
  severity: "stops",
} as const;

const fromAgent: readonly FromAgent[] = [
  { type: "welcome", protocol: 1, release: "0.1.0" },
  { type: "opened", seq: 1, disk: "web-1.img", kept: false, readBack: "direct" },
  { type: "entries", seq: 2, wireBytes: 32 },
  { type: "durable", seqs: [3, 4] },
  { type: "range-hash", seq: 5, sha256 },
  { type: "closed", seq: 6, rootSha256: sha256 },
  { type: "pong", seq: 7 },
  { type: "failed", seq: null, problem, retry: false },
];

test("each message survives JSON and the check", () => {
  for (const message of toAgent) assert.deepEqual(parseToAgent(JSON.parse(JSON.stringify(message))), message);
  for (const message of fromAgent)
    assert.deepEqual(parseFromAgent(JSON.parse(JSON.stringify(message))), message);
});

test("a code that no receiver may send, or that is not known, is that of a receiver that failed", () => {
  for (const code of ["of-a-later-release", "luks-key-wrong", "toString"]) {
    const message = { type: "failed", seq: null, problem: { ...problem, code }, retry: false };
    const read = parseFromAgent(JSON.parse(JSON.stringify(message)));
    assert.deepEqual(read, { ...message, problem: { ...problem, code: "agent-failed" } });
  }
});

test("fields of a later release are ignored", () => {
  assert.deepEqual(parseToAgent({ type: "ping", seq: 7, mood: "good" }), { type: "ping", seq: 7 });
});

const [hello, open, data] = toAgent;
for (const [what, message] of [
  ["no object", 5],
  ["no type", {}],
  ["an unknown type", { type: "format-disk", seq: 1 }],
  ["a message of the other side", { type: "pong", seq: 1 }],
  ["a disk that climbs", { ...open, disk: "../../etc/shadow" }],
  ["a hidden disk", { ...open, disk: ".ssh" }],
  ["a segment size of 3 MiB", { ...open, segmentBytes: 3 * 2 ** 20 }],
  ["a disk of 0 bytes", { ...open, sizeBytes: 0 }],
  ["a size beyond safe integers", { ...open, sizeBytes: 2 ** 53 }],
  ["a negative offset", { ...data, start: -1 }],
  ["half an offset", { ...data, start: 0.5 }],
  ["an offset as text", { ...data, start: "0" }],
  ["a short hash", { ...data, sha256: "ab" }],
  ["an unknown codec", { ...data, codec: "lz4" }],
  ["lane 64", { ...hello, lane: 64 }],
  ["a job that is a path", { ...hello, job: "../x" }],
] as const)
  test(`parseToAgent() refuses ${what}`, () => {
    assert.throws(() => parseToAgent(message), ProtocolError);
  });

test("parseFromAgent() refuses more than 4096 acknowledgements at once", () => {
  assert.throws(
    () => parseFromAgent({ type: "durable", seqs: Array.from({ length: 4097 }, (_, i) => i) }),
    ProtocolError,
  );
});
