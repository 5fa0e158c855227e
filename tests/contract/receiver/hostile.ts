// SPDX-License-Identifier: Apache-2.0
// A sender that says what it may not: the session ends with a clear error, nothing outside the disk is written, and
// nothing hangs.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import fc from "fast-check";
import type { Bench, Check } from "./bench.ts";
import { data, hello, type Head, message, MIB, open, type Said, SIZE } from "./peer.ts";

const CONTENT = Buffer.alloc(MIB, 5);
const cell = (seq: number, more: Head = {}): Said => data(seq, CONTENT, more);

const WRONG: readonly (readonly [string, string, readonly Said[]])[] = [
  ["data before hello", "protocol", [cell(1)]],
  ["two hellos", "protocol", [hello(), hello()]],
  ["data for a disk that is not open", "protocol", [hello(), cell(1)]],
  ["a sequence number again", "protocol", [hello(), open(1), message("ping", 1)]],
  ["a cell off the grid", "protocol", [hello(), open(1), cell(2, { start: 512 })]],
  ["a cell behind the end", "protocol", [hello(), open(1), cell(2, { start: 3 * MIB })]],
  ["a cell over the end", "protocol", [hello(), open(1), cell(2, { start: 2 * MIB })]],
  ["a cell at 2^53 - 1", "protocol", [hello(), open(1), cell(2, { start: Number.MAX_SAFE_INTEGER })]],
  [
    "raw bytes of another length",
    "protocol",
    [hello(), open(1), data(2, CONTENT, { wire: Buffer.alloc(5) })],
  ],
  [
    "a cell without bytes",
    "protocol",
    [hello(), open(1), data(2, CONTENT, { codec: "zstd", wire: Buffer.alloc(0) })],
  ],
  ["a cell while it is being written", "protocol", [hello(), open(1), cell(2), cell(3)]],
  [
    "zeros over a cell that is being written",
    "protocol",
    [hello(), open(1), cell(2), message("zero", 3, { start: 0, end: SIZE })],
  ],
  [
    "a cell in zeros that are not durable yet",
    "protocol",
    [hello(), open(1), message("zero", 2, { start: 0, end: SIZE }), cell(3)],
  ],
  ["a disk's name that leads away", "protocol", [hello(), open(1, { disk: "../x.img" })]],
  ["a disk's name with a command", "protocol", [hello(), open(1, { disk: "a;touch b" })]],
  ["zeros off the grid", "protocol", [hello(), open(1), message("zero", 2, { start: 0, end: 512 })]],
  ["zeros over the end", "protocol", [hello(), open(1), message("zero", 2, { start: 0, end: 3 * MIB })]],
  ["a hash of nothing", "protocol", [hello(), open(1), message("hash-range", 2, { start: 9, end: 9 })]],
  [
    "a hash over the end",
    "protocol",
    [hello(), open(1), message("hash-range", 2, { start: 0, end: SIZE + 1 })],
  ],
  ["the same hashes file twice", "protocol", [hello(), open(1), open(2, { disk: "d-1.raw" })]],
  ["a disk of too many cells", "protocol", [hello(), open(1, { sizeBytes: 2 ** 52 })]],
  ["close before all is durable", "protocol", [hello(), open(1), message("close", 2)]],
  ["an unknown message", "protocol", [hello(), { head: { type: "run", seq: 1, argv: ["id"] } }]],
  ["bytes that are no frame", "protocol", [hello(), Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ["a second lane without a first", "destination-gone", [hello({ lane: 1 })]],
];

const ANY_FIELD = fc.oneof(
  fc.constantFrom<unknown>(0, 1, 512, MIB, 2 * MIB, SIZE, -1, 2 ** 53, "d-1.img", "../x", "", null),
  fc.constantFrom<unknown>("zstd", "raw", "new", "replace", true),
  fc.jsonValue(),
);
const TYPES = [
  "hello",
  "open",
  "data",
  "zero",
  "list",
  "hash-range",
  "close",
  "ping",
  "bye",
  "else",
] as const;

const ANY_FRAME: fc.Arbitrary<Said> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record(
      {
        type: fc.constantFrom(...TYPES),
        seq: fc.oneof(fc.integer({ min: 0, max: 20 }), ANY_FIELD),
        disk: fc.oneof(fc.constant("d-1.img"), ANY_FIELD),
        start: ANY_FIELD,
        end: ANY_FIELD,
        length: ANY_FIELD,
        first: ANY_FIELD,
        count: ANY_FIELD,
        mode: ANY_FIELD,
        format: fc.constant("raw"),
        codec: ANY_FIELD,
        join: fc.boolean(),
        segmentBytes: fc.constantFrom(MIB, 3),
        sizeBytes: fc.constantFrom(SIZE, 5, 0),
        sha256: fc.constant("ab".repeat(32)),
      },
      { requiredKeys: ["type", "seq"] },
    )
    .map((head) => ({ head })),
);

export function hostileRules(check: Check): void {
  for (const [what, code, said] of WRONG)
    check(`refuses ${what}`, async (bench) => {
      const peer = bench.connect({ groupMs: 200 });
      peer.say(...said);
      await peer.end();
      assert.equal(peer.failure(), code, JSON.stringify(peer.answers));
      await assertContained(bench);
    });

  check("survives any frames in any order", async (bench) => {
    await fc.assert(
      fc.asyncProperty(fc.array(ANY_FRAME, { maxLength: 6 }), async (frames) => {
        const peer = bench.connect();
        peer.say(hello(), open(1), ...frames);
        await peer.end();
        // A frame may open another disk, by any name that a disk may have.
        await assertContained(bench, /^[A-Za-z0-9_][A-Za-z0-9._-]*\.partial$/);
      }),
      { numRuns: 20 },
    );
  });
}

/** Only this disk's files are there. */
async function assertContained(
  { above, directory }: Bench,
  names = /^d-1\.(img|hashes|raw)\.partial$/,
): Promise<void> {
  assert.equal((await readdir(above)).length, 1);
  for (const file of await readdir(directory)) assert.match(file, names);
}
