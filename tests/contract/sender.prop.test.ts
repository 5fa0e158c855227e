// SPDX-License-Identifier: Apache-2.0
// A sender that meets a hostile receiver: whatever it answers, the copy ends with a clear error, and nothing hangs.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { copyDisks } from "../../src/copy/index.ts";
import { type Host, uniform, UserError } from "../../src/core/index.ts";
import { encodeFrame, joinStreams } from "../../src/wire/index.ts";
import { temporary } from "../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 2 * MIB + 512;

type Said = { readonly head: Readonly<Record<string, unknown>> };

const anyField = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    1,
    512,
    MIB,
    2 * MIB,
    SIZE,
    -1,
    2 ** 53,
    "d-1.img",
    "../x",
    "",
    null,
    "zstd",
    "raw",
    "new",
    "replace",
    true,
  ),
  fc.jsonValue(),
);

test("a sender survives any answers of a receiver", async (t) => {
  const answer = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record(
        {
          type: fc.constantFrom(
            "welcome",
            "opened",
            "entries",
            "durable",
            "closed",
            "pong",
            "failed",
            "else",
          ),
          seq: fc.oneof(fc.integer({ min: 0, max: 5 }), anyField),
          seqs: fc.array(fc.integer({ min: 0, max: 5 })),
          protocol: fc.constantFrom(1, 2),
          release: fc.constant("x"),
          disk: fc.constant("d-1.img"),
          kept: fc.boolean(),
          readBack: fc.constantFrom("direct", "cached", "never"),
          rootSha256: fc.constant("ab".repeat(32)),
          retry: fc.boolean(),
          problem: fc.constant({ code: "x", text: "y", advice: "z", severity: "stops" }),
        },
        { requiredKeys: ["type"] },
      )
      .map((head) => ({ head })),
  );
  const directory = await temporary(t);
  const path = join(directory, "source");
  await writeFile(path, Buffer.alloc(SIZE, 3));
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { maxLength: 6 }), fc.boolean(), async (answers, polite) => {
      const [up, down] = [new PassThrough(), new PassThrough()];
      const stream = joinStreams(down, up);
      stream.on("error", () => undefined);
      up.on("error", () => undefined).resume();
      const first: readonly Said[] = [
        { head: { type: "welcome", protocol: 1, release: "x" } },
        { head: { type: "opened", seq: 1, disk: "d-1.img", kept: false, readBack: "direct" } },
      ];
      for (const one of [...(polite ? first : []), ...answers])
        for (const part of Buffer.isBuffer(one) ? [one] : encodeFrame(one.head)) down.write(part);
      down.end();
      const link = { stream, lastWords: () => "", [Symbol.asyncDispose]: () => Promise.resolve() };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const host = { title: "hostile", connectAgent: () => Promise.resolve(link) } as unknown as Host;
      const read = { sourcePath: path, viewPath: path, touched: [] };
      const copy = copyDisks({
        host,
        directory,
        disks: [
          { number: 1, file: "d-1.img", format: "raw", sizeBytes: SIZE, map: uniform(SIZE, "data"), read },
        ],
        lanes: 1,
        emit: () => undefined,
        signal: AbortSignal.timeout(120_000),
      });
      await assert.rejects(copy, (error) => error instanceof UserError);
    }),
    { numRuns: 60 },
  );
});
