// SPDX-License-Identifier: Apache-2.0
// The law of the copy: whatever is cut, the destination equals the source, and nothing durable goes twice.
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { fromRanges, rangesOf, UserError } from "../../../src/core/index.ts";
import { copyDisks } from "../../../src/copy/index.ts";
import { memoryHost } from "../../support/links.ts";
import { agentServes, type Serve, shellServes } from "../../support/receivers.ts";
import { scratch } from "../../support/temporary.ts";
import {
  SEGMENT,
  disk,
  content,
  expected,
  cellsOf,
  durable,
  durableNow,
  assertNothingTwice,
} from "../../support/copy-laws.ts";

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
