// SPDX-License-Identifier: Apache-2.0
// The kernel's own events against the disk itself: whatever differs between two looks must be in the record. Loop devices with a
// mounted partition, written in every way that a server has.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { complement, normalizeRanges, type Range, sumBytes } from "../../../src/core/index.ts";
import { openSourceDisk } from "../../../src/inspect/index.ts";
import { run } from "../../../src/system/index.ts";
import {
  endRecording,
  findTraceable,
  type Recorder,
  recordingName,
  startRecorder,
  type Traceable,
} from "../../../src/writes/index.ts";
import { waitFor } from "../../../lab/processes.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;
const BLOCK = 4096;
const LOADS = 30;

/** The least that their tools make, and nothing that is written later by itself. */
const FILE_SYSTEMS = {
  ext4: { sizeMib: 96, words: ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"] },
  xfs: { sizeMib: 304, words: ["-q"] },
  btrfs: { sizeMib: 128, words: ["-q"] },
} as const;
type FsType = keyof typeof FILE_SYSTEMS;

type Disk = AsyncDisposable & { readonly device: string; readonly mounted: string; readonly part: string };

async function disk(t: TestContext, type: FsType): Promise<Disk> {
  const { sizeMib, words } = FILE_SYSTEMS[type];
  const image = join(await temporary(t), "disk.img");
  const mounted = await temporary(t);
  await run(["truncate", "--size", `${sizeMib + 8}M`, image]);
  await run(["sfdisk", "--quiet", image], { input: `label: gpt\n2048,${sizeMib * 2048},L\n,,S\n` });
  const device = (await run(["losetup", "--find", "--show", "--partscan", image])).stdout.trim();
  await run(["partx", "--update", device]);
  const part = `${device}p1`;
  await waitFor(part, () => existsSync(`${device}p2`));
  await run([`mkfs.${type}`, ...words, part]);
  await run(["mount", "-o", "discard", part, mounted]);
  return {
    device,
    mounted,
    part,
    async [Symbol.asyncDispose]() {
      await run(["umount", mounted]);
      await run(["losetup", "--detach", device]);
    },
  };
}

async function contents(device: string): Promise<Buffer> {
  await run(["blockdev", "--flushbufs", device]);
  return (
    await run(["dd", `if=${device}`, "iflag=direct", "bs=1M", "status=none"], { maxOutputBytes: 512 * MIB })
  ).stdoutBytes;
}

function differences(a: Buffer, b: Buffer): Range[] {
  const found: Range[] = [];
  for (let start = 0; start < a.length; start += BLOCK)
    if (a.compare(b, start, start + BLOCK, start, start + BLOCK) !== 0)
      found.push({ start, end: start + BLOCK });
  return normalizeRanges(found);
}

async function traceable(device: string): Promise<Traceable> {
  const found = await findTraceable(await openSourceDisk(device, 1));
  if ("reason" in found) return assert.fail(found.detail);
  return found;
}

const reasons = ({ account }: Recorder): readonly string[] => account.unclear.map(({ reason }) => reason);

const notCovered = (ranges: readonly Range[], recorder: Recorder): Range[] =>
  ranges.flatMap((range) => complement(recorder.account.written(1), range));

/** One act of a server, by chance. */
async function act({ device, mounted, part }: Disk): Promise<string> {
  const path = join(mounted, `file-${randomInt(6)}`);
  const there = await readdir(mounted);
  const some = join(mounted, there.filter((name) => name.startsWith("file")).at(randomInt(8)) ?? "file-0");
  const place = String(randomInt(64));
  const acts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["buffered", () => writeFile(path, randomBytes(randomInt(1, 3 * MIB)))],
    [
      "in place",
      () =>
        run([
          "dd",
          "if=/dev/urandom",
          `of=${some}`,
          "bs=4k",
          "count=40",
          `seek=${place}`,
          "conv=notrunc",
          "status=none",
        ]),
    ],
    [
      "direct",
      () =>
        run([
          "dd",
          "if=/dev/urandom",
          `of=${path}`,
          "bs=64k",
          "count=9",
          `seek=${place}`,
          "oflag=direct",
          "conv=notrunc",
          "status=none",
        ]),
    ],
    [
      "synchronous",
      () =>
        run([
          "dd",
          "if=/dev/urandom",
          `of=${some}`,
          "bs=1k",
          "count=5",
          `seek=${place}`,
          "oflag=dsync",
          "conv=notrunc",
          "status=none",
        ]),
    ],
    ["removed", () => rm(some, { force: true })],
    ["truncated", () => truncate(some, randomInt(MIB)).catch(() => undefined)],
    [
      "hole",
      () =>
        run(["fallocate", "--punch-hole", "--offset", "8192", "--length", "200000", some], {
          allowCodes: [1],
        }),
    ],
    [
      "zeros",
      () =>
        run(["fallocate", "--zero-range", "--offset", "4096", "--length", "300000", some], {
          allowCodes: [1],
        }),
    ],
    ["mapped", () => run(["python3", "-c", MAPPED, path])],
    ["trimmed", () => run(["fstrim", mounted])],
    ["swap made", () => run(["mkswap", "-q", `${device}p2`])],
    [
      "swap zeroed",
      () =>
        run([
          "blkdiscard",
          "--zeroout",
          "--force",
          "--offset",
          `${randomInt(4) * MIB}`,
          "--length",
          `${MIB}`,
          `${device}p2`,
        ]),
    ],
    [
      "swap discarded",
      () =>
        run([
          "blkdiscard",
          "--force",
          "--offset",
          `${randomInt(4) * MIB}`,
          "--length",
          `${MIB}`,
          `${device}p2`,
        ]),
    ],
    [
      "gap written",
      () =>
        run([
          "dd",
          "if=/dev/urandom",
          `of=${device}`,
          "bs=512",
          "count=3",
          `seek=${40 + randomInt(1900)}`,
          "conv=notrunc",
          "status=none",
        ]),
    ],
    ["synced", () => run(["sync", "--file-system", mounted])],
    ["flushed", () => run(["blockdev", "--flushbufs", part])],
  ];
  const [name, go] = acts[randomInt(acts.length)] ?? ["nothing", () => Promise.resolve()];
  await go();
  return name;
}

const MAPPED = `import mmap, os, sys
f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.ftruncate(f, 1 << 20)
m = mmap.mmap(f, 1 << 20)
for at in range(0, 1 << 20, 70000): m[at:at+9] = os.urandom(9)
`;

for (const type of ["ext4", "xfs", "btrfs"] as const)
  test(`${LOADS / 3} random loads on ${type}: every difference between two looks at the disk is in the record`, async (t) => {
    await using server = await disk(t, type);
    const { device } = server;
    let seen = 0;
    let differing = 0;
    for (let load = 0; load < LOADS / 3; load += 1) {
      await using recorder = await startRecorder([await traceable(device)], {
        signal: t.signal,
        pieceBytes: BLOCK,
      });
      const before = await contents(device);
      const acts: string[] = [];
      for (let turn = randomInt(4, 14); turn > 0; turn -= 1) acts.push(await act(server));
      const after = await contents(device);
      await recorder.look();
      assert.deepEqual(recorder.account.unclear, [], acts.join());
      const found = differences(before, after);
      assert.deepEqual(notCovered(found, recorder), [], acts.join());
      differing += sumBytes(found);
      seen += sumBytes(recorder.account.written(1));
    }
    await endRecording([await traceable(device)]);
    assert.ok(differing > MIB);
    assert.ok(
      seen < (LOADS / 3) * (FILE_SYSTEMS[type].sizeMib * MIB) * 0.9,
      "and it is no record of everything",
    );
    t.diagnostic(`${Math.round(differing / MIB)} MiB differ, ${Math.round(seen / MIB)} MiB recorded`);
  });

test("what is lost, switched off or repartitioned is noticed, and reads alone are no writes", async (t) => {
  await using server = await disk(t, "ext4");
  const { device, mounted } = server;
  const found = await traceable(device);
  const instance = `/sys/kernel/tracing/instances/${recordingName([found])}`;
  {
    await run(["sync", "--file-system", mounted]);
    await using recorder = await startRecorder([found], { signal: t.signal });
    await contents(device);
    await recorder.look();
    assert.deepEqual(reasons(recorder), []);
    assert.deepEqual(recorder.account.written(1), []);
    await writeFile(`${instance}/events/block/block_rq_issue/enable`, "0");
    await recorder.look();
    assert.deepEqual(reasons(recorder), ["switched-off"]);
  }
  {
    await using recorder = await startRecorder([found], { signal: t.signal });
    await writeFile(`${instance}/buffer_size_kb`, "4");
    // One request for each sector, faster than a page of memory is emptied.
    await run([
      "dd",
      "if=/dev/zero",
      `of=${device}p2`,
      "bs=512",
      "count=12000",
      "oflag=direct",
      "status=none",
    ]);
    await recorder.look();
    assert.ok(reasons(recorder).includes("overrun"));
  }
  {
    await using recorder = await startRecorder([found], { signal: t.signal });
    await run(["partx", "--delete", "--nr", "2", device]);
    await recorder.look();
    assert.deepEqual(reasons(recorder), ["partitions"]);
  }
  await endRecording([found]);
});
