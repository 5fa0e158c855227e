// SPDX-License-Identifier: Apache-2.0
// The samples behind a plan's time: read where blocks are used, packed, pushed to a real host.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fromRanges, type SourceDisk } from "../../../src/core/index.ts";
import { localHost } from "../../../src/hosts/index.ts";
import { connectHost } from "../../../src/job/index.ts";
import { measureSamples, samplePlaces } from "../../../src/job/destination/measure.ts";
import { DEFAULT_TRANSFER } from "../../../src/plan/index.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;
const signal = new AbortController().signal;
const ssh = { kind: "ssh", user: null, host: "h", port: null, path: "/x" } as const;

test("samples lie only in used blocks, spread over all disks", () => {
  const disks = [1, 2].map(
    (number): SourceDisk => ({
      number,
      path: `d${number}`,
      kind: "file",
      sizeBytes: 10_000 * MIB,
      sectorBytes: 512,
    }),
  );
  const used = { start: 1000 * MIB, end: 3000 * MIB };
  const map = fromRanges(10_000 * MIB, [used], { kind: "data", rest: "unused" });
  const { places, totalBytes } = samplePlaces(
    disks,
    new Map([
      [1, map],
      [2, map],
    ]),
  );
  assert.equal(totalBytes, 4000 * MIB);
  assert.equal(places.length, 62);
  for (const { range } of places) assert.ok(range.start >= used.start && range.end <= used.end);
  assert.equal(places.filter(({ path }) => path === "d2").length, 31);
  assert.deepEqual(samplePlaces(disks, new Map()), { places: [], totalBytes: 0 });
});

test("measureSamples() measures reading, packing and a link; a host that takes nothing is not a reason to fail", async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "disk");
  const half = randomBytes(32 * MIB);
  await writeFile(path, Buffer.concat([half, Buffer.alloc(32 * MIB)]));
  const disks: SourceDisk[] = [{ number: 1, path, kind: "file", sizeBytes: 64 * MIB, sectorBytes: 512 }];
  const maps = new Map([
    [1, fromRanges(64 * MIB, [{ start: 32 * MIB, end: 64 * MIB }], { kind: "data", rest: "unused" })],
  ]);
  await using host = localHost();
  const given = { disks, maps, host, signal };
  const far = await measureSamples({ ...given, answers: { destination: ssh, transfer: DEFAULT_TRANSFER } });
  assert.ok(far !== null && far.readBytesPerSecond > MIB && far.packedShare < 0.01);
  assert.ok(
    far.packBytesPerSecond !== null && far.linkBytesPerSecond !== null && far.linkBytesPerSecond > MIB,
  );
  const here = await measureSamples({
    ...given,
    answers: { destination: { kind: "dir", path: directory }, transfer: DEFAULT_TRANSFER },
  });
  assert.deepEqual([here?.linkBytesPerSecond, here?.packBytesPerSecond, here?.packedShare], [null, null, 1]);
  const deaf = { ...host, spawn: () => Promise.reject(new Error("no")) };
  const unknown = await measureSamples({
    ...given,
    host: deaf,
    answers: { destination: ssh, transfer: DEFAULT_TRANSFER },
  });
  assert.equal(unknown?.linkBytesPerSecond, null);
  assert.equal(
    await measureSamples({
      ...given,
      maps: new Map(),
      answers: { destination: ssh, transfer: DEFAULT_TRANSFER },
    }),
    null,
  );
});

test("over real ssh the link is measured", async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "disk");
  await writeFile(path, "");
  await truncate(path, 2048 * MIB);
  await using server = await startSshd();
  const destination = { ...ssh, host: server.hostAlias, path: directory };
  await using host = await connectHost(destination, { sshConfig: server.sshConfigPath, signal });
  const disks: SourceDisk[] = [{ number: 1, path, kind: "file", sizeBytes: 2048 * MIB, sectorBytes: 512 }];
  const map = fromRanges(2048 * MIB, [{ start: 0, end: 2048 * MIB }], { kind: "data", rest: "unused" });
  const answers = { destination, transfer: DEFAULT_TRANSFER };
  const samples = await measureSamples({ disks, maps: new Map([[1, map]]), host, answers, signal });
  assert.ok(samples !== null);
  t.diagnostic(JSON.stringify(samples));
  assert.ok((samples.linkBytesPerSecond ?? 0) > MIB, "a loopback link moves more than 1 MiB a second");
  assert.ok(samples.packedShare < 0.01, "zeros can be packed");
});
