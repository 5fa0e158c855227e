// SPDX-License-Identifier: Apache-2.0
// An agent and a sender that meet a hostile other side: frames of any length, order or offset end the session with a
// clear error; nothing outside the disk is written, and nothing hangs.
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { serveAgent } from "../../src/receiver/agent/index.ts";
import { copyDisks } from "../../src/copy/index.ts";
import { type Host, uniform, UserError } from "../../src/core/index.ts";
import { encodeFrame, type Frame, FrameDecoder, joinStreams } from "../../src/wire/index.ts";
import { scratch } from "../support/temporary.ts";

const MIB = 2 ** 20;
const SIZE = 2 * MIB + 512;

type Said = { readonly head: Readonly<Record<string, unknown>>; readonly payload?: Uint8Array };

const hello: Said = { head: { type: "hello", protocols: [1], release: "x", job: "j", lane: 0, lanes: 1 } };
const open: Said = {
  head: {
    type: "open",
    seq: 1,
    disk: "d-1.img",
    sizeBytes: SIZE,
    segmentBytes: MIB,
    format: "raw",
    mode: "resume",
    join: false,
  },
};
const cell = (
  seq: number,
  more: Readonly<Record<string, unknown>> = {},
  bytes = Buffer.alloc(MIB, 5),
): Said => ({
  head: {
    type: "data",
    seq,
    disk: "d-1.img",
    start: 0,
    length: MIB,
    codec: "none",
    wireBytes: bytes.length,
    sha256: hash("sha256", bytes, "hex"),
    ...more,
  },
  payload: bytes,
});

/** Says all that to a fresh agent, and gives its answers. It must end by itself. */
async function tell(directory: string, said: readonly (Said | Buffer)[]): Promise<Frame[]> {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const stream = joinStreams(up, down);
  stream.on("error", () => undefined);
  const served = serveAgent({ stream, directory, release: "agent", groupMs: 2 });
  for (const one of said)
    for (const part of Buffer.isBuffer(one) ? [one] : encodeFrame(one.head, one.payload)) up.write(part);
  up.end();
  const answers: Frame[] = [];
  const decoder = new FrameDecoder();
  const reading = (async () => {
    for await (const bytes of down) answers.push(...decoder.push(bytes));
  })();
  await served;
  await reading;
  return answers;
}

async function inDirectory<T>(body: (directory: string, above: string) => Promise<T>): Promise<T> {
  await using above = await scratch();
  const directory = join(above.path, "vm");
  await mkdir(directory);
  return await body(directory, above.path);
}

const failure = (answers: readonly Frame[]): string => {
  const last = answers.find(({ head }) => head["type"] === "failed");
  const problem: unknown = last?.head["problem"];
  return typeof problem === "object" && problem !== null && "code" in problem ? String(problem.code) : "none";
};

test("an agent keeps a cell, says so once it is durable, and lets the directory go", () =>
  inDirectory(async (directory) => {
    const answers = await tell(directory, [
      hello,
      open,
      cell(2),
      { head: { type: "ping", seq: 3 } },
      { head: { type: "bye" } },
    ]);
    const types = new Set(answers.map(({ head }) => head["type"]));
    assert.deepEqual(types, new Set(["welcome", "opened", "durable", "pong"]));
    assert.deepEqual((await readdir(directory)).toSorted(), ["d-1.hashes.partial", "d-1.img.partial"]);
    const hashes = await readFile(join(directory, "d-1.hashes.partial"));
    assert.equal(hashes.subarray(0, 32).toString("hex"), hash("sha256", Buffer.alloc(MIB, 5), "hex"));
    assert.ok(hashes.subarray(32).equals(Buffer.alloc(64)));
    assert.equal((await stat(join(directory, "d-1.img.partial"))).mode & 0o777, 0o600);
  }));

test("an agent that speaks other protocols says which", () =>
  inDirectory(async (directory) => {
    const answers = await tell(directory, [{ head: { type: "hello", protocols: [7, 8], later: true } }]);
    assert.equal(failure(answers), "protocol-unknown");
    assert.match(JSON.stringify(answers[0]?.head), /speaks protocol 1; the program offers 7, 8/);
  }));

const wrong: readonly (readonly [string, string, readonly (Said | Buffer)[]])[] = [
  ["data before hello", "protocol", [cell(1)]],
  ["two hellos", "protocol", [hello, hello]],
  ["data for a disk that is not open", "protocol", [hello, cell(1)]],
  ["a sequence number again", "protocol", [hello, open, { head: { type: "ping", seq: 1 } }]],
  ["a cell off the grid", "protocol", [hello, open, cell(2, { start: 512 })]],
  ["a cell behind the end", "protocol", [hello, open, cell(2, { start: 3 * MIB })]],
  ["a cell over the end", "protocol", [hello, open, cell(2, { start: 2 * MIB })]],
  ["a cell at 2^53 - 1", "protocol", [hello, open, cell(2, { start: Number.MAX_SAFE_INTEGER })]],
  ["raw bytes of another length", "protocol", [hello, open, cell(2, {}, Buffer.alloc(5))]],
  ["an unknown disk name", "protocol", [hello, { head: { ...open.head, disk: "../x.img" } }]],
  [
    "zeros off the grid",
    "protocol",
    [hello, open, { head: { type: "zero", seq: 2, disk: "d-1.img", start: 0, end: 512 } }],
  ],
  [
    "zeros over the end",
    "protocol",
    [hello, open, { head: { type: "zero", seq: 2, disk: "d-1.img", start: 0, end: 3 * MIB } }],
  ],
  [
    "a hash of nothing",
    "protocol",
    [hello, open, { head: { type: "hash-range", seq: 2, disk: "d-1.img", start: 9, end: 9 } }],
  ],
  [
    "the same hashes file twice",
    "protocol",
    [hello, open, { head: { ...open.head, seq: 2, disk: "d-1.raw" } }],
  ],
  ["a disk of too many cells", "protocol", [hello, { head: { ...open.head, sizeBytes: 2 ** 52 } }]],
  [
    "close before all is durable",
    "protocol",
    [hello, open, { head: { type: "close", seq: 2, disk: "d-1.img" } }],
  ],
  ["an unknown message", "protocol", [hello, { head: { type: "run", seq: 1, argv: ["id"] } }]],
  ["bytes that are no frame", "protocol", [hello, Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ["a second lane without a first", "destination-gone", [{ head: { ...hello.head, lane: 1 } }]],
];

for (const [what, code, said] of wrong)
  test(`an agent refuses ${what}`, () =>
    inDirectory(async (directory, above) => {
      assert.equal(failure(await tell(directory, said)), code);
      assert.deepEqual(await readdir(above), ["vm"]);
      for (const file of await readdir(directory)) assert.match(file, /^d-1\.(img|hashes)\.partial$/);
    }));

for (const [what, bytes] of [
  ["that cannot be unpacked", Buffer.from("no zstd at all")],
  ["that would unpack to 64 MiB", zstdCompressSync(Buffer.alloc(64 * MIB))],
  ["that unpacks to less", zstdCompressSync(Buffer.alloc(MIB - 1, 5))],
] as const)
  test(`an agent asks again for a cell ${what}`, () =>
    inDirectory(async (directory) => {
      const answers = await tell(directory, [
        hello,
        open,
        cell(2, { codec: "zstd" }, bytes),
        { head: { type: "bye" } },
      ]);
      assert.equal(failure(answers), "cell-damaged");
      assert.ok((await readFile(join(directory, "d-1.hashes.partial"))).equals(Buffer.alloc(96)));
    }));

test("an agent follows no link and overwrites nothing that is no file", () =>
  inDirectory(async (directory, above) => {
    await writeFile(join(above, "secret"), "secret");
    await symlink(join(above, "secret"), join(directory, "d-1.img.partial"));
    assert.equal(failure(await tell(directory, [hello, open])), "destination-no-file");
    assert.equal(await readFile(join(above, "secret"), "utf8"), "secret");
  }));

test("an agent without its directory says so", async () => {
  const answers = await tell("/nowhere/at/all", [hello]);
  assert.equal(failure(answers), "destination-absent");
});

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
const anyFrame: fc.Arbitrary<Said | Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record(
      {
        type: fc.constantFrom(
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
        ),
        seq: fc.oneof(fc.integer({ min: 0, max: 20 }), anyField),
        disk: fc.oneof(fc.constant("d-1.img"), anyField),
        start: anyField,
        end: anyField,
        length: anyField,
        first: anyField,
        count: anyField,
        mode: anyField,
        format: fc.constant("raw"),
        codec: anyField,
        join: fc.boolean(),
        segmentBytes: fc.constantFrom(MIB, 3),
        sizeBytes: fc.constantFrom(SIZE, 5, 0),
        sha256: fc.constant("ab".repeat(32)),
      },
      { requiredKeys: ["type", "seq"] },
    )
    .map((head) => ({ head })),
);

test("an agent survives any frames in any order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { maxLength: 6 }), (frames) =>
      inDirectory(async (directory, above) => {
        await tell(directory, [hello, open, ...frames]);
        assert.deepEqual(await readdir(above), ["vm"]);
        for (const file of await readdir(directory)) assert.match(file, /^d-1\.(img|hashes)\.partial$/);
      }),
    ),
    { numRuns: 60 },
  );
});

test("a sender survives any answers of an agent", async () => {
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
  await inDirectory(async (directory) => {
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
          signal: AbortSignal.timeout(10_000),
        });
        await assert.rejects(copy, (error) => error instanceof UserError);
      }),
      { numRuns: 60 },
    );
  });
});
