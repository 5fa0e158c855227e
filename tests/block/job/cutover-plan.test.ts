// SPDX-License-Identifier: Apache-2.0
// The plan of a cutover, made while the server's file systems are mounted, is the one that the live system makes when nobody uses them.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { demoDisk } from "../../../lab/demo/machine.ts";
import { waitFor } from "../../../lab/processes.ts";
import { type GuestTools, openBlobs, usePrepared } from "../../../src/convert/index.ts";
import type { Machine, Preview } from "../../../src/core/index.ts";
import { inspectMachine } from "../../../src/inspect/index.ts";
import { planRunning, preparedIn } from "../../../src/job/cutover/before/plan.ts";
import { connectHost } from "../../../src/job/destination/destination.ts";
import { makePreview } from "../../../src/job/plan.ts";
import { findDisks, openSource } from "../../../src/job/source/source.ts";
import { parseDestination } from "../../../src/hosts/index.ts";
import type { Answers } from "../../../src/plan/index.ts";
import { readMountTable, run } from "../../../src/system/index.ts";
import { answersOf, findCommand, parseCommandLine } from "../../../src/ui/settings/index.ts";
import { temporary } from "../../support/temporary.ts";

type Call = {
  readonly answers: Answers;
  readonly machine: Machine;
  readonly directory: string;
  readonly signal: AbortSignal;
};
const emit = (): void => undefined;

async function planWhileItRuns(mounted: string, { answers, ...call }: Call): Promise<Preview> {
  await using host = await connectHost(answers.destination, { sshConfig: null, signal: call.signal });
  return await planRunning({ ...call, answers, name: "vm", root: mounted, emit }, { host });
}

type Tools = (real: GuestTools, root: string) => GuestTools;

async function planAtRest(
  { answers, machine, directory: workDirectory, signal }: Call,
  tools: Tools = (real) => real,
): Promise<Preview> {
  const call = { signal, emit, tools };
  await using host = await connectHost(answers.destination, { sshConfig: null, signal });
  const found = await findDisks(answers.disks, call);
  const here = { ...found, machine, machineIsSource: true };
  await using source = await openSource(here, { workDirectory, asIs: false, root: null, ...call });
  const blobs = await openBlobs(join(workDirectory, "blobs"));
  return await makePreview({ source, answers, host, facts: null, blobs, workDirectory, ...call });
}

test("a server that runs is planned as when it is at rest, initramfs and chain of boot too", async (t) => {
  const { signal } = t;
  const directory = await temporary(t);
  const at = async (name: string): Promise<string> => {
    await mkdir(join(directory, name));
    return join(directory, name);
  };
  const image = join(directory, "disk.img");
  await run(["cp", "--sparse=always", "--reflink=auto", await demoDisk({ signal }), image], {
    timeoutMs: 300_000,
  });
  const device = (await run(["losetup", "--find", "--show", "--partscan", image])).stdout.trim();
  t.after(() => run(["losetup", "--detach", device]));
  const destination = parseDestination(`dir:${await at("to")}`);
  const words = ["--disk", device, "--to", "dir:/unused", "--name", "vm", "--hypervisor", "qemu"];
  const answers = answersOf(parseCommandLine(findCommand("plan"), words), destination);
  const call = { answers, machine: await inspectMachine({ signal }), signal };

  const mounted = await at("mounted");
  await run(["partx", "--update", device]);
  await waitFor(`${device}p1`, () => existsSync(`${device}p1`));
  await run(["mount", `${device}p1`, mounted]);
  let running: Preview;
  let prepared: string;
  try {
    running = await planWhileItRuns(mounted, { ...call, directory: await at("running") });
    prepared = preparedIn(join(directory, "running"));
    const left = (await readMountTable()).filter(({ path }) => path.startsWith(join(directory, "running")));
    assert.deepEqual(left, []);
  } finally {
    await run(["umount", mounted]);
  }
  const rest = await planAtRest({ ...call, directory: await at("rest") });

  const changes = ({ changes: all }: Preview): unknown =>
    all.map(({ step, path, after }) =>
      // A new archive has new times in it.
      path.startsWith("/boot/initrd") ? { step, path } : { step, path, after },
    );
  assert.deepEqual(changes(running), changes(rest));
  assert.ok(
    running.changes.some(({ path }) => path.startsWith("/boot/initrd")),
    "its initramfs was built",
  );
  assert.deepEqual(running.chain, rest.chain);
  assert.ok((running.chain?.links.length ?? 0) > 5);
  assert.deepEqual(running.guest?.kernels, rest.guest?.kernels);
  assert.deepEqual(
    running.problems.map(({ code, about }) => ({ code, about })),
    rest.problems.map(({ code, about }) => ({ code, about })),
  );

  const told: string[] = [];
  const again: Tools = (real, root) =>
    usePrepared(
      { ...real, buildInitramfs: () => assert.fail("it was built before") },
      { directory: prepared, root, say: (text) => told.push(text) },
    );
  const after = await planAtRest({ ...call, directory: await at("after") }, again);
  assert.match(told.join(), /is the one that was made before the jump/);
  assert.deepEqual(
    after.changes.map(({ after: state }) => state),
    running.changes.map(({ after: state }) => state),
    "bit for bit",
  );

  await run(["mount", `${device}p1`, mounted]);
  await writeFile(join(mounted, "etc/crypttab"), "# an administrator was here\n");
  await run(["umount", mounted]);
  told.length = 0;
  const anew = await planAtRest({ ...call, directory: await at("anew") }, (real, root) =>
    usePrepared(real, { directory: prepared, root, say: (text) => told.push(text) }),
  );
  assert.match(told.join(), /made again: changed since it was made: \/etc$/);
  assert.ok(anew.changes.some(({ path }) => path.startsWith("/boot/initrd")));
});
