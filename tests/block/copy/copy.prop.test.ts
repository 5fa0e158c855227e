// SPDX-License-Identifier: Apache-2.0
// The law of the copy: whatever is cut, however many lanes, in whatever order acknowledgements come and even if the
// source changes between two runs, the destination equals the source on every used byte, is zero elsewhere, and
// nothing durable is sent twice.
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { type ExtentMap, fromRanges, rangesOf, UserError } from "../../../src/core/index.ts";
import { type Compress, copyDisks } from "../../../src/copy/index.ts";
import { cellCount, type Frame, HASH_BYTES } from "../../../src/wire/index.ts";
import { memoryHost } from "../../support/links.ts";
import { agentServes, type Serve, shellServes } from "../../support/receivers.ts";
import { scratch } from "../../support/temporary.ts";

const SEGMENT = 2 ** 20;

const range = (size: number): fc.Arbitrary<{ start: number; end: number }> =>
  fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

const disk = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 1, 512, 4096, 70_000))
  .map(([cells, more]) => cells * SEGMENT - (more === 0 ? 0 : SEGMENT - more))
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      used: fc.array(range(size), { maxLength: 4 }),
      touched: fc.array(range(size), { maxLength: 2 }),
      later: fc.option(fc.array(range(size), { maxLength: 4 }), { nil: null }),
      seed: fc.nat(1000),
      lanes: fc.integer({ min: 1, max: 3 }),
      cuts: fc.array(fc.integer({ min: 100, max: 3 * SEGMENT }), { maxLength: 3 }),
    }),
  );

/** Bytes that compress partly, with whole blocks of zeros in them. */
function content(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761 + 1;
  for (let block = 0; block < size; block += 8192) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    if (state % 3 === 0) continue;
    const end = Math.min(size, block + 8192);
    if (state % 3 === 1) bytes.fill(`block ${block} of ${seed} `, block, end);
    else
      for (let at = block; at < end; at += 4) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        bytes.writeUInt8(state >>> 24, at);
      }
  }
  return bytes;
}

/** What the destination must hold. */
function expected(
  map: ExtentMap,
  source: Buffer,
  view: Buffer,
  touched: readonly { start: number; end: number }[],
): Buffer {
  const merged = Buffer.from(source);
  for (const { start, end } of touched) view.copy(merged, start, start, end);
  const out = Buffer.alloc(map.size);
  for (const { start, end } of rangesOf(map, "data")) merged.copy(out, start, start, end);
  return out;
}

const cellsOf = (bytes: Buffer): string[] =>
  Array.from({ length: cellCount({ sizeBytes: bytes.length, segmentBytes: SEGMENT }) }, (_, i) =>
    hash("sha256", bytes.subarray(i * SEGMENT, (i + 1) * SEGMENT), "hex"),
  );

const SIDECAR = "d-1.hashes.partial";

async function durable(directory: string): Promise<string[]> {
  return entriesOf(await readFile(join(directory, SIDECAR)).catch(() => Buffer.alloc(0)));
}

function durableNow(directory: string): string[] {
  const path = join(directory, SIDECAR);
  return existsSync(path) ? entriesOf(readFileSync(path)) : [];
}

function entriesOf(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES).toString("hex"),
  );
}

function assertNothingTwice(frames: readonly Frame[], before: readonly string[]): void {
  const sent = new Set<unknown>();
  for (const { head } of frames) {
    if (head["type"] !== "data") continue;
    assert.ok(!sent.has(head["start"]), `cell at ${String(head["start"])} was sent twice`);
    sent.add(head["start"]);
    assert.notEqual(before[Number(head["start"]) / SEGMENT], head["sha256"], "a durable cell was sent again");
  }
}

type Receiving = {
  readonly name: string;
  readonly make: (t: TestContext) => Promise<Serve>;
  /** A shell starts some 20 programs for a cell. */
  readonly runs: number;
};
const RECEIVING: readonly Receiving[] = [
  { name: "an agent", make: () => Promise.resolve(agentServes), runs: 20 },
  { name: "a shell", make: (t) => shellServes(t, "dash"), runs: 3 },
];

for (const { name, make, runs } of RECEIVING)
  test(`copyDisks() to ${name}: cut anywhere, resumed, with any lanes and acks, gives the source and sends nothing durable twice`, async (t) => {
    const serve = await make(t);
    await fc.assert(
      fc.asyncProperty(disk, async (given) => {
        await using scope = await scratch();
        const directory = scope.path;
        const paths = { source: join(directory, "source"), view: join(directory, "view") };
        const touched = rangesOf(
          fromRanges(given.size, given.touched, { kind: "data", rest: "unused" }),
          "data",
        );
        let random = given.seed;
        const nextRandom = (): number => (random = (random * 16_807 + 11) % 2_147_483_647) / 2_147_483_647;
        for (const [attempt, cut] of [...given.cuts, null].entries()) {
          // From the second attempt on, the source may be another: its own system ran in between.
          const changed = attempt > 0 && given.later !== null;
          const map = fromRanges(given.size, changed ? (given.later ?? []) : given.used, {
            kind: "data",
            rest: "unused",
          });
          const source = content(given.size, changed ? given.seed + 1 : given.seed);
          const view = content(given.size, given.seed + 7);
          await writeFile(paths.source, source);
          await writeFile(paths.view, view);
          const before = await durable(directory);
          const memory = memoryHost(directory, {
            serve,
            random: nextRandom,
            ...(cut === null ? {} : { cutAfterBytes: [cut] }),
          });
          const done = await copyDisks({
            host: memory.host,
            directory,
            disks: [
              {
                number: 1,
                file: "d-1.img",
                format: "raw",
                sizeBytes: given.size,
                map,
                read: { sourcePath: paths.source, viewPath: paths.view, touched },
              },
            ],
            segmentBytes: SEGMENT,
            lanes: given.lanes,
            emit: () => undefined,
            signal: AbortSignal.timeout(300_000),
          }).catch((error: unknown) => {
            if (cut !== null && error instanceof UserError && error.code === "link-lost") return null;
            throw error;
          });
          await memory.ended();
          assertNothingTwice(memory.frames, before);
          const want = expected(map, source, view, touched);
          const entries = await durable(directory);
          if (done === null) {
            // What is said to be durable is in the image.
            const image = cellsOf(
              await readFile(join(directory, "d-1.img.partial")).catch(() => Buffer.alloc(0)),
            );
            entries.forEach((entry, i) =>
              assert.ok(/^0+$/.test(entry) || entry === image[i], `entry ${i} promises what is not there`),
            );
            continue;
          }
          assert.ok(
            (await readFile(join(directory, "d-1.img.partial"))).equals(want),
            "the image is not the source",
          );
          assert.deepEqual(entries, cellsOf(want));
          assert.equal(done[0]?.rootSha256, hash("sha256", Buffer.from(entries.join(""), "hex"), "hex"));
        }
      }),
      { numRuns: runs },
    );
  });

for (const { name, make, runs } of RECEIVING)
  test(`copyDisks() to ${name} connects again by itself: any cuts in one run give the source, and nothing durable goes twice`, async (t) => {
    const serve = await make(t);
    await fc.assert(
      fc.asyncProperty(disk, async (given) => {
        await using scope = await scratch();
        const directory = scope.path;
        const source = content(given.size, given.seed);
        const path = join(directory, "source");
        await writeFile(path, source);
        const map = fromRanges(given.size, given.used, { kind: "data", rest: "unused" });
        let before: readonly string[] = [];
        const sent = new Set<unknown>();
        const twice: unknown[] = [];
        const told: number[] = [];
        const memory = memoryHost(directory, {
          serve,
          cutAfterBytes: given.cuts,
          tamper(frame) {
            const { type, join: joins, start, sha256 } = frame.head;
            if (type === "open" && joins === false) {
              // The directory's lock was taken: the agents of before are gone, and this is what they made durable.
              before = durableNow(directory);
              sent.clear();
            }
            if (type === "data" && (sent.has(start) || before[Number(start) / SEGMENT] === sha256))
              twice.push(start);
            if (type === "data") sent.add(start);
            return frame;
          },
        });
        const [result] = await copyDisks({
          host: memory.host,
          directory,
          disks: [
            {
              number: 1,
              file: "d-1.img",
              format: "raw",
              sizeBytes: given.size,
              map,
              read: { sourcePath: path, viewPath: path, touched: [] },
            },
          ],
          segmentBytes: SEGMENT,
          lanes: given.lanes,
          retryForMs: 300_000,
          pauseMs: () => 2,
          onSegment: ({ start }) => told.push(start),
          emit: () => undefined,
          signal: AbortSignal.timeout(300_000),
        });
        await memory.ended();
        const want = expected(map, source, source, []);
        assert.ok((await readFile(join(directory, "d-1.img.partial"))).equals(want));
        assert.deepEqual(await durable(directory), cellsOf(want));
        assert.deepEqual(twice, [], "a durable cell was sent again");
        assert.equal(new Set(told).size, told.length, "a segment was told twice");
        assert.equal(result?.rootSha256, hash("sha256", Buffer.from(cellsOf(want).join(""), "hex"), "hex"));
      }),
      { numRuns: runs },
    );
  });

test("copyDisks() sends a cell again that was damaged on its way, and reports what cannot be kept", async () => {
  await using scope = await scratch();
  const directory = scope.path;
  const source = content(2 * SEGMENT, 3);
  await writeFile(join(directory, "source"), source);
  let flips = 1;
  const flipped = (frame: Frame): Frame => {
    if (frame.head["type"] !== "data" || flips <= 0) return frame;
    flips -= 1;
    const payload = Buffer.from(frame.payload);
    payload.writeUInt8(payload.readUInt8(payload.length >> 1) ^ 16, payload.length >> 1);
    return { head: frame.head, payload };
  };
  const copy = async (compress: Compress): Promise<unknown> => {
    const memory = memoryHost(directory, { tamper: flipped });
    const path = join(directory, "source");
    const read = { sourcePath: path, viewPath: path, touched: [] };
    const map = fromRanges(source.length, [{ start: 0, end: source.length }], {
      kind: "data",
      rest: "unused",
    });
    try {
      return await copyDisks({
        host: memory.host,
        directory,
        disks: [{ number: 1, file: "d-1.img", format: "raw", sizeBytes: source.length, map, read }],
        mode: "replace",
        compress,
        emit: () => undefined,
        signal: AbortSignal.timeout(300_000),
      });
    } finally {
      await memory.ended();
    }
  };
  for (const compress of ["none", 1] as const) {
    flips = 1;
    await copy(compress);
    assert.ok((await readFile(join(directory, "d-1.img.partial"))).equals(source));
  }
  flips = 1000;
  await assert.rejects(
    copy("none"),
    (error) => error instanceof UserError && error.area === "host" && error.code === "cell-differs",
  );
  assert.ok(
    (await durable(directory)).every((entry) => /^0+$/.test(entry)),
    "nothing wrong is called durable",
  );
});
