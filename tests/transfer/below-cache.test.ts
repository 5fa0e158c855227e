// SPDX-License-Identifier: Apache-2.0
// A destination whose disk changes a bit between the write and the read-back: it is seen, and the cell is sent again.
import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { mkdir, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { fromRanges } from "../../src/core/index.ts";
import { localHost } from "../../src/hosts/index.ts";
import { mount, run } from "../../src/system/index.ts";
import { copy, MIB } from "../support/copies.ts";
import { temporary } from "../support/temporary.ts";

/** Waits for `content` in the file, and changes one bit of it there. */
async function flipWhenWritten(path: string, content: Buffer, signal: AbortSignal): Promise<number> {
  const needle = content.subarray(0, 4096);
  const file = await open(path, "r+");
  try {
    while (!signal.aborted) {
      const at = (await readFile(path)).indexOf(needle);
      if (at >= 0) {
        await file.write(Buffer.of(needle.readUInt8(100) ^ 1), 0, 1, at + 100);
        return at;
      }
      await sleep(1);
    }
    return -1;
  } finally {
    await file.close();
  }
}

test("a bit that changes below the destination's page cache is seen, and the cell sent again", {
  timeout: 60_000,
}, async (t) => {
  const top = await temporary(t);
  const [device, source] = [join(top, "device"), join(top, "source")];
  await writeFile(device, "");
  await truncate(device, 24 * MIB);
  await run(["mkfs.ext4", "-q", device]);
  await mkdir(join(top, "mnt"));
  await using there = await mount(device, join(top, "mnt"), { type: "ext4", options: ["loop"] });
  await using host = localHost();
  for (let attempt = 1; ; attempt += 1) {
    const directory = join(there.path, `vm-${attempt}`);
    await mkdir(directory);
    const content = randomFillSync(Buffer.alloc(MIB));
    await writeFile(source, content);
    const stop = new AbortController();
    const flipped = flipWhenWritten(device, content, stop.signal);
    const [result] = await copy({
      host,
      directory,
      disk: {
        number: 1,
        file: "web-1.img",
        format: "raw",
        sizeBytes: MIB,
        map: fromRanges(MIB, [{ start: 0, end: MIB }], { kind: "data", rest: "unused" }),
        read: { sourcePath: source, viewPath: source, touched: [] },
      },
      more: { compress: "none", lanes: 1 },
    });
    stop.abort();
    await flipped;
    assert.equal(result?.readBack, "direct", "else the page cache would hide it");
    // The agent reads back 100 ms after the write. On a busy machine the change may come later than that.
    if ((result?.sentBytes ?? 0) < 2 * MIB && attempt < 8) continue;
    assert.ok((result?.sentBytes ?? 0) > 2 * MIB, "it was sent twice");
    await run(["sync", "-f", directory]);
    assert.ok((await readFile(device)).includes(content.subarray(0, 4096)), "the disk holds what was sent");
    assert.ok((await readFile(join(directory, "web-1.img.partial"))).equals(content));
    return;
  }
});
