// SPDX-License-Identifier: Apache-2.0
// A source with sectors that cannot be read: the copy stops and says where, or skips them and nothing else.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { finishDisks } from "../../../src/copy/index.ts";
import type { JobEvent } from "../../../src/core/index.ts";
import { localHost } from "../../../src/hosts/index.ts";
import { openSourceDisk } from "../../../src/inspect/index.ts";
import { startProof } from "../../../src/proof/index.ts";
import { SECTOR_BYTES, serveBadDisk } from "../../support/disks/bad-disk.ts";
import { copy, diskAt, isError, makeSource, MIB, SIZE, USED, verify } from "../../support/copies.ts";
import { temporary } from "../../support/temporary.ts";

/** Two neighbours, one alone, the first of a cell, one within unused bytes. */
const BAD = [4001, 4002, 20_000, (30 * MIB) / SECTOR_BYTES, (100 * MIB) / SECTOR_BYTES];
const LOST = [
  [4001, 4003],
  [20_000, 20_001],
  [(30 * MIB) / SECTOR_BYTES, (30 * MIB) / SECTOR_BYTES + 1],
].map(([first = 0, last = 0]) => ({ start: first * SECTOR_BYTES, end: last * SECTOR_BYTES }));

test("a proof that cannot read the frame of the disk says what to do", async (t) => {
  const top = await temporary(t);
  const image = join(top, "source");
  await makeSource(image);
  await using bad = await serveBadDisk(image, join(top, "bad"), [1000]);
  const disks = [await openSourceDisk(bad.path, 1)];
  const start = startProof({ disks, level: "used", signal: t.signal, emit: () => undefined });
  await assert.rejects(start, isError("source", "source-unreadable"));
});

test("bad sectors end a copy with the place and advice; --skip-bad-sectors loses only these sectors", async (t) => {
  const top = await temporary(t);
  const [image, directory] = [join(top, "source"), join(top, "vm")];
  await makeSource(image);
  await mkdir(directory);
  await using bad = await serveBadDisk(image, join(top, "bad"), BAD);
  await using host = localHost();
  const disk = diskAt(bad.path);
  await assert.rejects(copy({ host, directory, disk }), (error) => {
    assert.ok(isError("source", "source-unreadable")(error));
    assert.match(error instanceof Error ? error.message : "", /Disk 1 .* cannot be read at byte \d+/);
    return true;
  });
  const events: JobEvent[] = [];
  const pure = new Map<number, boolean>();
  const [result] = await copy({
    host,
    directory,
    disk,
    more: {
      skipBadSectors: true,
      emit: (event) => events.push(event),
      onSegment: (segment) => pure.set(segment.start, segment.pure),
    },
  });
  assert.ok(result !== undefined);
  assert.deepEqual(result.bad, LOST);
  assert.equal(events.filter((event) => event.type === "step" && event.text.endsWith("skipped")).length, 4);
  assert.deepEqual(
    [...pure]
      .filter(([, isPure]) => !isPure)
      .map(([start]) => start / MIB)
      .toSorted((a, b) => a - b), // they end in any order
    [1, 9, 30],
    "a cell that could not be read in full is not a proof of the source",
  );
  const source = await readFile(image);
  const wanted = Buffer.alloc(SIZE);
  for (const { start, end } of USED) source.copy(wanted, start, start, end);
  for (const { start, end } of LOST) wanted.fill(0, start, end);
  await finishDisks(host, directory, [{ ...result, format: "raw" }]);
  assert.ok((await readFile(join(directory, "web-1.img"))).equals(wanted));
  assert.deepEqual((await verify(directory))[0]?.differing, []);
});
