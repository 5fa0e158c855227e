// SPDX-License-Identifier: Apache-2.0
// Copies onto a block device that is full of old bytes: zeros become zero, what is durable is not sent again, and what
// is behind the disk's end stays.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type DiskToCopy, finishDisks, reopenDisks } from "../../src/copy/index.ts";
import type { Host } from "../../src/core/index.ts";
import { localHost } from "../../src/hosts/index.ts";
import { attachLoop } from "../../src/system/index.ts";
import { copy, diskAt, isError, makeSource, MIB, SIZE, verify, wantedHash } from "../support/copies.ts";
import { temporary } from "../support/temporary.ts";

const BEHIND = 4 * MIB;
const OLD = randomBytes(MIB);

type Setup = {
  readonly source: string;
  readonly directory: string;
  readonly device: string;
  readonly disk: DiskToCopy;
  readonly host: Host;
};

/** A disk, and a device with old bytes that is a little longer. */
async function setup(t: TestContext): Promise<Setup> {
  const top = await temporary(t);
  const [source, directory, backing] = [join(top, "source"), join(top, "vm"), join(top, "backing")];
  await makeSource(source);
  await mkdir(directory);
  const sizeBytes = Math.ceil((SIZE + BEHIND) / 4096) * 4096;
  const file = await open(backing, "w");
  for (let at = 0; at < sizeBytes; at += MIB) await file.write(OLD, 0, Math.min(MIB, sizeBytes - at), at);
  await file.close();
  const loop = await attachLoop(backing, { offset: 0, sizeBytes, readOnly: false });
  t.after(() => loop[Symbol.asyncDispose]());
  const disk: DiskToCopy = { ...diskAt(source), volume: loop.path };
  return { source, directory, device: loop.path, disk, host: localHost() };
}

async function contentOf(device: string): Promise<{ sha256: string; behind: Buffer }> {
  const file = await open(device);
  try {
    const bytes = Buffer.alloc(SIZE + BEHIND);
    for (let at = 0; at < bytes.length; ) at += (await file.read(bytes, at, bytes.length - at, at)).bytesRead;
    const sha256 = createHash("sha256").update(bytes.subarray(0, SIZE)).digest("hex");
    return { sha256, behind: bytes.subarray(SIZE) };
  } finally {
    await file.close();
  }
}

const oldBehind = (): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil((SIZE + BEHIND) / MIB) }, () => OLD)).subarray(
    SIZE,
    SIZE + BEHIND,
  );

test("old bytes give way to the disk, with zeros where it has none; its hashes stand beside a link", async (t) => {
  const { source, directory, device, disk, host } = await setup(t);
  const results = await copy({ host, directory, disk, more: { lanes: 2 } });
  const found = await contentOf(device);
  assert.equal(found.sha256, await wantedHash(source));
  assert.ok(found.behind.equals(oldBehind()), "bytes behind the end have changed");
  assert.equal(results[0]?.readBack, "direct");

  await finishDisks(
    host,
    directory,
    results.map((one) => ({ ...one, format: "raw", volume: device })),
  );
  assert.deepEqual((await readdir(directory)).toSorted(), ["manifest.json", "web-1.hashes", "web-1.img"]);
  assert.equal(await readlink(join(directory, "web-1.img")), device);
  const [check] = await verify(directory, true);
  assert.deepEqual(check?.differing, []);
  assert.equal(check?.sha256, found.sha256);

  const file = await open(device, "r+");
  await file.write("x", 100 * MIB + 7); // where the disk has no data
  await file.sync();
  await file.close();
  const [changed] = await verify(directory);
  assert.deepEqual(changed?.differing, [{ start: 100 * MIB, end: 101 * MIB }]);
});

test("a copy that was stopped goes on, and sends nothing twice; what was changed below is found, and it begins anew", async (t) => {
  const { source, directory, device, disk, host } = await setup(t);
  const abort = new AbortController();
  const onProgress = (done: number): void => {
    if (done > 60 * MIB) abort.abort(new Error("Ctrl-C"));
  };
  await assert.rejects(copy({ host, directory, disk, signal: abort.signal, onProgress }), /Ctrl-C/);
  assert.deepEqual((await readdir(directory)).toSorted(), ["web-1.hashes.partial", "web-1.img.partial"]);
  const [rest] = await copy({ host, directory, disk });
  assert.ok((rest?.cellsKept ?? 0) >= 50, `${rest?.cellsKept} cells kept`);
  assert.equal((await contentOf(device)).sha256, await wantedHash(source));
  const [nothing] = await copy({ host, directory, disk });
  assert.deepEqual([nothing?.cellsKept, nothing?.sentBytes], [133, 0]);

  // The first cells of the disk: they are among those that are looked at.
  const file = await open(device, "r+");
  await file.write("another device's", 4096);
  await file.sync();
  await file.close();
  const [anew] = await copy({ host, directory, disk });
  assert.equal(anew?.cellsKept, 0);
  assert.equal((await contentOf(device)).sha256, await wantedHash(source));
});

test("brought up to date, a device gets what has changed, and loses what the disk has no more", async (t) => {
  const { source, directory, device, disk, host } = await setup(t);
  const results = await copy({ host, directory, disk });
  await finishDisks(
    host,
    directory,
    results.map((one) => ({ ...one, format: "raw", volume: device })),
  );
  await host.remove(join(directory, "manifest.json"));
  await reopenDisks(host, directory, [disk.file]);
  const file = await open(source, "r+");
  await file.write("changed", 30 * MIB + 5);
  await file.close();
  const [updated] = await copy({ host, directory, disk });
  assert.ok(updated !== undefined);
  assert.equal(updated.cellsKept, 132);
  assert.ok(updated.sentBytes < 2 * MIB);
  assert.equal((await contentOf(device)).sha256, await wantedHash(source));
});

test("an image in a directory is not a volume, and a link to a device no image", async (t) => {
  const { source, directory, disk, host } = await setup(t);
  await copy({ host, directory, disk });
  await assert.rejects(
    copy({ host, directory, disk: diskAt(source) }),
    isError("destination", "destination-no-file"),
  );
  const missing: DiskToCopy = { ...disk, volume: "/dev/p2v-none" };
  await assert.rejects(
    copy({ host, directory, disk: missing }),
    isError("destination", "destination-absent"),
  );
});
