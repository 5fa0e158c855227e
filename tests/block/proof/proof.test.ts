// SPDX-License-Identifier: Apache-2.0
// The proof holds for a source that was left alone, and fails for a changed byte: each level what it can see.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open, stat, utimes } from "node:fs/promises";
import { test } from "node:test";
import {
  type JobEvent,
  type Proof,
  type ProofLevel,
  type Range,
  type SourceDisk,
  UserError,
} from "../../../src/core/index.ts";
import { openOverlay } from "../../../src/overlay/index.ts";
import { startProof } from "../../../src/proof/index.ts";
import { attachLoop, run } from "../../../src/system/index.ts";
import { makeDisk, type TestDisk } from "../../support/disks/disks.ts";
import { writeAt } from "../../support/disks/filesystems.ts";
import { noise } from "../../../lab/noise.ts";
import { graphOf, leavingNothing, never as signal, sourceOf } from "../../support/disks/overlays.ts";

const MIB = 2 ** 20;
const emit = (): void => undefined;

/** An image of noise, 12 MiB: partition 1 is [2, 10) MiB. */
async function noisyDisk(): Promise<TestDisk> {
  const disk = await makeDisk({
    table: "none",
    partitions: [{ sizeMb: 12, fs: "none", content: noise("disk", 12 * MIB) }],
  });
  return { ...disk, partitions: [{ number: 1, fs: "none", start: 2 * MIB, end: 10 * MIB }] };
}

type Interference = { readonly source: SourceDisk; readonly change: () => Promise<void> };

/** A job in small: overlay, one write through it, copy of two cells, then `change`, then the verdict. */
async function prove(
  level: ProofLevel,
  disk: TestDisk,
  storeDirectory: string,
  { source, change }: Interference,
): Promise<Proof> {
  await using proof = await startProof({ disks: [source], level, storage: graphOf(disk), signal, emit });
  await using view = await openOverlay(source, { storeDirectory, signal });
  await writeAt(view.path, noise("changed", 100), 3 * MIB + 5000);
  await using sealed = await view.seal({ signal });
  await proof.sealed(sealed);
  const file = await open(view.disk.path, "r");
  try {
    for (const start of [4 * MIB, 3 * MIB]) {
      const cell = Buffer.alloc(MIB);
      // As the copy does it: bytes that are no data are zero in what is hashed.
      const data: Range[] =
        start === 4 * MIB
          ? [
              { start: start + 512, end: start + 3000 },
              { start: start + 8192, end: start + MIB },
            ]
          : [{ start, end: start + MIB }];
      for (const range of data)
        await file.read(cell, range.start - start, range.end - range.start, range.start);
      const sha256 = createHash("sha256").update(cell).digest();
      proof.record({ disk: 1, start, end: start + MIB, data, sha256, pure: start === 4 * MIB });
    }
  } finally {
    await file.close();
  }
  await change();
  return await proof.finish();
}

/** Writes one byte and puts the file's times back, as far as anyone can. */
async function changeQuietly(path: string, at: number): Promise<void> {
  const { atime, mtime } = await stat(path);
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  await file.close();
  await utimes(path, atime, mtime);
}

for (const level of ["counters", "used", "full"] as const)
  test(`${level}: holds for an image and a device that were left alone, and says what was compared`, () =>
    leavingNothing(async (storeDirectory) => {
      await using disk = await noisyDisk();
      const nothing = (): Promise<void> => Promise.resolve();
      const image = await prove(level, disk, storeDirectory, { source: sourceOf(disk), change: nothing });
      assert.equal(image.held, true, image.disks[0]?.detail);
      assert.ok(image.from < image.to);
      await using loop = await attachLoop(disk.path, {
        offset: 0,
        sizeBytes: disk.sizeBytes,
        readOnly: false,
      });
      const source = { ...sourceOf(disk), kind: "device", path: loop.path } as const;
      const during = async (): Promise<void> => {
        assert.equal((await run(["blockdev", "--getro", loop.path])).stdout, "1\n");
        await assert.rejects(
          run(["dd", "if=/dev/zero", `of=${loop.path}`, "bs=512", "count=1", "conv=fsync"]),
        );
      };
      const device = await prove(level, { ...disk, path: loop.path }, storeDirectory, {
        source,
        change: during,
      });
      assert.equal(device.held, true, device.disks[0]?.detail);
      assert.equal((await run(["blockdev", "--getro", loop.path])).stdout, "0\n"); // as it was before
      for (const detail of [image.disks[0]?.detail ?? "", device.disks[0]?.detail ?? ""]) {
        assert.equal(/SHA-256 of all 12582912 bytes/.test(detail), level === "full", detail);
        assert.equal(/Unused blocks were not compared/.test(detail), level === "used", detail);
      }
      assert.match(
        device.disks[0]?.detail ?? "",
        /counters of sectors written and discarded of loop\d+ did not move/,
      );
      assert.equal(/contents not compared/.test(image.disks[0]?.detail ?? ""), level === "counters");
    }));

test("a byte changed in an image is seen: by its times at every level, by its content where the level read it", () =>
  leavingNothing(async (storeDirectory) => {
    const at = {
      frame: 2 * MIB - 1,
      shadowed: 3 * MIB + 900_000,
      copied: 4 * MIB + 600,
      unused: 6 * MIB + 1,
    };
    for (const [where, offset] of Object.entries(at))
      for (const level of ["counters", "used", "full"] as const) {
        await using disk = await noisyDisk();
        const source = sourceOf(disk);
        const change = (): Promise<void> => changeQuietly(disk.path, offset);
        const { held, disks } = await prove(level, disk, storeDirectory, { source, change });
        const detail = disks[0]?.detail ?? "";
        assert.equal(held, false, `${level}, ${where}: ${detail}`);
        const bySight = level === "full" || (level === "used" && where !== "unused");
        assert.equal(
          / differ of those |is [0-9a-f]{64} after/.test(detail),
          bySight,
          `${level}, ${where}: ${detail}`,
        );
        assert.match(detail, /change time/);
      }
  }));

test("a device that is written to in between is seen by its counters", () =>
  leavingNothing(async (storeDirectory) => {
    await using disk = await noisyDisk();
    await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
    const source = { ...sourceOf(disk), kind: "device", path: loop.path } as const;
    const change = async (): Promise<void> => {
      await run(["blockdev", "--setrw", loop.path]);
      await run(["dd", "if=/dev/zero", `of=${loop.path}`, "bs=512", "count=1", "seek=12345", "conv=fsync"]);
    };
    for (const level of ["counters", "used", "full"] as const) {
      const { held, disks } = await prove(level, { ...disk, path: loop.path }, storeDirectory, {
        source,
        change,
      });
      assert.equal(held, false);
      assert.match(disks[0]?.detail ?? "", /\d+ sectors of loop\d+ were written; loop\d+ was made writable/);
    }
  }));

test("a disk that shrank is not proven, and that is not a crash", () =>
  leavingNothing(async (storeDirectory) => {
    for (const level of ["counters", "used", "full"] as const) {
      await using disk = await noisyDisk();
      const change = async (): Promise<void> => {
        await run(["truncate", "--size", "1M", disk.path]);
      };
      const { held } = await prove(level, disk, storeDirectory, { source: sourceOf(disk), change });
      assert.equal(held, false);
    }
  }));

test("a mounted disk is refused before it is set read-only", () =>
  leavingNothing(async (directory) => {
    await using disk = await makeDisk({ table: "none", partitions: [{ sizeMb: 8, fs: "ext4" }] });
    await using loop = await attachLoop(disk.path, { offset: 0, sizeBytes: disk.sizeBytes, readOnly: false });
    const disks = [{ ...sourceOf(disk), kind: "device", path: loop.path } as const];
    await run(["mount", "-o", "rw,X-mount.mkdir", loop.path, `${directory}/mnt`]);
    try {
      await assert.rejects(
        startProof({ disks, level: "counters", signal, emit }),
        (error) => error instanceof UserError && error.code === "source-in-use",
      );
      assert.equal((await run(["blockdev", "--getro", loop.path])).stdout, "0\n");
    } finally {
      await run(["umount", `${directory}/mnt`]);
      await run(["rmdir", `${directory}/mnt`]);
    }
  }));

test("progress is told, and reaches its total; an abort ends it", () =>
  leavingNothing(async () => {
    await using disk = await noisyDisk();
    const events: JobEvent[] = [];
    {
      await using proof = await startProof({
        disks: [sourceOf(disk)],
        level: "full",
        signal,
        emit: (event) => events.push(event),
      });
      assert.ok((await proof.finish()).held);
    }
    const progress = events.filter((event) => event.type === "progress");
    assert.deepEqual(
      progress.map(({ doneBytes, totalBytes }) => [doneBytes, totalBytes]),
      [
        [12 * MIB, 12 * MIB],
        [12 * MIB, 12 * MIB],
      ],
    );
    const aborted = AbortSignal.abort(new Error("stop"));
    await assert.rejects(
      startProof({ disks: [sourceOf(disk)], level: "full", signal: aborted, emit }),
      /stop/,
    );
  }));
