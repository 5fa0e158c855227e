// SPDX-License-Identifier: Apache-2.0
// Passes and a migration that rest on the kernel's record of writes, each judged by one that reads everything.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { LivePass } from "../../../src/job/index.ts";
import { run } from "../../../src/system/index.ts";
import { cli, type Ended, leftovers } from "../../support/cli.ts";
import { copyLive, liveServer, type LiveServer, migrate, words } from "../../support/live-server.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

test("with --trust-writes a pass reads only what was written since, and what it left out is right", async (t) => {
  await using source = await liveServer(t);
  const { device, mounted, unmount } = source;
  const to = await temporary(t);
  await writeFile(join(mounted, "base"), randomBytes(48 * MIB));
  await run(["sync", "--file-system", mounted]);
  const pass = async (): Promise<LivePass> => {
    const [only] = await copyLive(device, to, "--trust-writes");
    return only ?? assert.fail("a pass");
  };
  const first = await pass();
  assert.equal(first.readBytes, first.usedBytes);
  await writeFile(join(mounted, "base"), randomBytes(2 * MIB), { flag: "r+" });
  await writeFile(join(mounted, "new"), randomBytes(MIB));
  const second = await pass(); // another process goes on with the record
  assert.ok(second.readBytes < second.usedBytes / 2, `${second.readBytes} of ${second.usedBytes}`);
  assert.ok(second.sentBytes > 3 * MIB);
  await rm(join(mounted, "new"));
  await pass();
  const instance = `/sys/kernel/tracing/instances/virt-p2v-7-${device.replace("/dev/loop", "")}`;
  await writeFile(`${instance}/events/block/block_rq_issue/enable`, "0");
  await writeFile(join(mounted, "base"), randomBytes(MIB), { flag: "r+" });
  const doubted = await pass();
  assert.equal(doubted.readBytes, doubted.usedBytes, "a record with a gap is none");

  await run(["rmdir", instance]); // as another tool's clean-up does
  const anew = await cli(["copy", "--live", ...words(device, to), "--json", "--trust-writes"]);
  assert.match(anew.stdout, /"writes-unclear"[^]*somebody has removed the kernel's recording/);

  await writeFile(join(mounted, "last"), randomBytes(MIB));
  await pass();
  await unmount();
  const last = await pass();
  assert.ok(last.readBytes < last.usedBytes / 2);
  const rest = await copyLive(device, to);
  assert.equal(rest[0]?.readBytes, rest[0]?.usedBytes);
  assert.equal(rest[0]?.sentBytes, 0, "all that was not read was right");
  assert.ok(!existsSync(instance), "and without the flag nothing is recorded any more");
});

type Traced = {
  readonly compared: {
    readonly kind: string;
    readonly readBytes: number;
    readonly unreadBytes: number;
    readonly samples: number;
  };
  readonly problems: readonly { readonly code: string }[];
};

/** A server whose file system was unmounted after two passes with a record. */
async function recorded(t: TestContext, source: LiveServer): Promise<string> {
  const { device, mounted, unmount } = source;
  const to = await temporary(t);
  await writeFile(join(mounted, "base"), randomBytes(96 * MIB));
  await run(["sync", "--file-system", mounted]);
  await copyLive(device, to, "--trust-writes");
  await writeFile(join(mounted, "base"), randomBytes(MIB), { flag: "r+" });
  await copyLive(device, to, "--trust-writes");
  await writeFile(join(mounted, "last"), randomBytes(MIB));
  await unmount();
  return to;
}

const migrateTraced = async (
  device: string,
  to: string,
): Promise<{ readonly ended: Ended; readonly report: Traced }> => {
  const ended = await cli(["migrate", ...words(device, to), "--yes", "--no-boot-check", "--trust-writes"]);
  return { ended, report: JSON.parse(await readFile(join(to, "vm/report.json"), "utf8")) as Traced };
};

test("a migration that trusts the record reads little, and compares the rest in the end", async (t) => {
  await using source = await liveServer(t);
  const { device } = source;
  const to = await recorded(t, source);
  const { ended, report } = await migrateTraced(device, to);
  assert.equal(ended.code, 0, ended.stderr);
  const { kind, readBytes, unreadBytes, samples } = report.compared;
  assert.equal(kind, "full", JSON.stringify(report.compared));
  assert.ok(readBytes < unreadBytes / 2, JSON.stringify(report.compared));
  assert.ok(samples >= 10_000);
  assert.equal((await cli(["verify", join(to, "vm")])).code, 0);
  const again = await temporary(t);
  assert.equal((await migrate(device, again)).code, 0);
  const hashes = (at: string): Promise<Buffer> => readFile(join(at, "vm/vm-1.hashes"));
  assert.deepEqual(await hashes(to), await hashes(again), "as a migration that reads all");
  assert.deepEqual(await leftovers(), []);
});

test("a write that the record lacks is found, by the sample or by the comparison in the end", async (t) => {
  await using source = await liveServer(t);
  const { device } = source;
  const to = await recorded(t, source);
  // Behind the kernel's back: into the file under the loop device, where the data lies that was written first.
  const { stdout } = await run(["losetup", "--noheadings", "--output", "BACK-FILE", device]);
  const image = stdout.trim();
  const at = await placeOfData(image);
  await run([
    "dd",
    "if=/dev/urandom",
    `of=${image}`,
    "bs=4096",
    "count=1",
    `seek=${at / 4096}`,
    "conv=notrunc",
    "status=none",
  ]);
  await run(["blockdev", "--flushbufs", device]);
  const { ended, report } = await migrateTraced(device, to);
  const { kind } = report.compared;
  assert.ok(report.problems.some(({ code }) => code === "writes-missed"));
  assert.ok(
    kind === "all" ? ended.code === 0 : kind === "differs" && ended.code === 8,
    `${kind}: ${ended.code}`,
  );
});

/** A block in the middle of what is used, far from what is read in any case. */
async function placeOfData(image: string): Promise<number> {
  const bytes = await readFile(image);
  for (let at = 160 * MIB; at > 0; at -= MIB)
    if (bytes.subarray(at, at + MIB).every((_, i, all) => i % 4096 !== 0 || all.readUInt32LE(i) !== 0))
      return at + MIB / 2;
  return assert.fail("no data");
}
