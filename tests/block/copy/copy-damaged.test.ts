// SPDX-License-Identifier: Apache-2.0
// A cell that is damaged on its way.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fromRanges, UserError } from "../../../src/core/index.ts";
import { type Compress, copyDisks } from "../../../src/copy/index.ts";
import { type Frame } from "../../../src/wire/index.ts";
import { memoryHost } from "../../support/links.ts";
import { scratch } from "../../support/temporary.ts";
import { SEGMENT, content, durable } from "../../support/copy-laws.ts";

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
