// SPDX-License-Identifier: Apache-2.0
// The last act on a server whose writes are recorded, in a chroot with a kexec that only notes what it is told: what it lays behind
// the initramfs is read as the live system reads it. /proc is not there, so that nothing can be jumped or started anew.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openSourceDisk } from "../../../src/inspect/index.ts";
import { layHook } from "../../../src/job/cutover/jump/hook.ts";
import { readArrived } from "../../../src/job/writes/arrived.ts";
import { freezeWrites, type Frozen, whyNotRecorded } from "../../../src/job/writes/recorded.ts";
import { run } from "../../../src/system/index.ts";
import { copyLive, liveServer, type LiveServer } from "../../support/live-server.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

const KEXEC = `#!/bin/sh
case $1 in
--version) exit 0 ;;
-l) printf '%s\\n' "$@" >/w/loaded; exit 0 ;;
esac
echo jumped >/w/jumped
kill -9 $PPID
`;

/** What the live system finds, in a directory of its own. */
async function lastAct(
  t: TestContext,
  frozen: Frozen,
): Promise<{ readonly found: string; readonly words: string }> {
  const root = await temporary(t);
  const kexec = join(await temporary(t), "kexec");
  await writeFile(kexec, KEXEC, { mode: 0o755 });
  await using hook = await layHook(
    { ...frozen, words: "quiet p2v.post=none", place: "cutover/writes", kexec },
    { root },
  );
  await writeFile(hook.kernel, "");
  const unpacked = await temporary(t);
  const first = join(unpacked, "first");
  await run([
    "sh",
    "-c",
    'mkdir "$1/cutover"; cd "$1"; echo cutover | cpio --quiet -o -H newc >"$2"; rmdir cutover',
    "-",
    unpacked,
    first,
  ]);
  await writeFile(hook.initramfs, await readFile(first));
  await run(["mount", "--rbind", "/sys", join(root, "sys")]);
  try {
    await run(["chroot", root, "/shutdown", "kexec"], { allowCodes: [137, 255, 1] }).catch(() => undefined); // it kills itself
    assert.equal(await readFile(join(root, "w/jumped"), "utf8"), "jumped\n");
    const words = await readFile(join(root, "w/loaded"), "utf8");
    const rest = join(unpacked, "rest"); // the kernel takes one archive after the other, cpio only the first
    await writeFile(rest, (await readFile(hook.initramfs)).subarray((await readFile(first)).length));
    await run([
      "sh",
      "-c",
      'cd "$1" && cpio --quiet -idm <"$2" && cpio --quiet -im <"$3"',
      "-",
      unpacked,
      first,
      rest,
    ]);
    return { found: join(unpacked, "cutover/writes"), words };
  } finally {
    await run(["umount", "--recursive", "--lazy", join(root, "sys")]);
  }
}

async function recorded(t: TestContext, { device, mounted }: LiveServer): Promise<Frozen> {
  const to = await temporary(t);
  await writeFile(join(mounted, "base"), randomBytes(16 * MIB));
  await copyLive(device, to, "--trust-writes");
  await writeFile(join(mounted, "between"), randomBytes(MIB));
  await run(["sync", "--file-system", mounted]);
  return await freezeWrites({
    disks: [await openSourceDisk(device, 1)],
    destination: `${to}/vm`,
    signal: t.signal,
    emit: () => undefined,
  });
}

const wordsOf = (found: Awaited<ReturnType<typeof readArrived>>): string =>
  typeof found === "string" ? found : assert.fail("it was trusted");

test("what is written until the very end travels with the jump", async (t) => {
  await using server = await liveServer(t);
  const { device, mounted, unmount } = server;
  const asked = async (destination: string): Promise<string | null> =>
    await whyNotRecorded({ disks: [await openSourceDisk(device, 1)], destination });
  assert.match(String(await asked("/x/vm")), /no record/);
  const frozen = await recorded(t, server);
  const { destination: there } = JSON.parse(frozen.record) as { destination: string };
  assert.equal(await asked(there), null);
  assert.match(String(await asked("/x/vm")), /is of a copy to/);
  const before = JSON.parse(frozen.record) as { disks: readonly { written: readonly number[] }[] };
  await writeFile(join(mounted, "last"), randomBytes(4 * MIB));
  await unmount();
  const { found, words } = await lastAct(t, frozen);
  assert.match(words, /--command-line=quiet p2v\.post=none\n/u);
  const disks = [await openSourceDisk(device, 1)];
  const known = await readArrived(disks, { directory: found });
  if (known === null || typeof known === "string") return assert.fail(String(known));
  const bytes = (known.get(1)?.written ?? []).reduce((sum, { start, end }) => sum + end - start, 0);
  const flat = before.disks[0]?.written ?? [];
  const early = flat.reduce((sum, at, index) => sum + (index % 2 === 0 ? -at : at), 0);
  assert.ok(bytes >= early + 4 * MIB, `${bytes}, ${early} of them before`);

  await writeFile(
    join(found, "settings"),
    (await readFile(join(found, "settings"), "utf8")).replace("enable=1", "enable=0"),
  );
  assert.match(wordsOf(await readArrived(disks, { directory: found })), /switched-off/u);
  await run(["rmdir", `/sys/kernel/tracing/instances/${frozen.recording}`]);
});

test("without its last lines a record is none, and where there is none nobody claims one", async (t) => {
  await using server = await liveServer(t);
  const { device } = server;
  const frozen = await recorded(t, server);
  const directory = await temporary(t);
  const disks = [await openSourceDisk(device, 1)];
  assert.equal(await readArrived(disks, { directory }), null);
  await writeFile(join(directory, "record.json"), frozen.record);
  assert.match(wordsOf(await readArrived(disks, { directory })), /missing/u);
  await writeFile(join(directory, "record.json"), "{");
  assert.match(wordsOf(await readArrived(disks, { directory })), /cannot be read/u);
  await run(["rmdir", `/sys/kernel/tracing/instances/${frozen.recording}`]);
});
