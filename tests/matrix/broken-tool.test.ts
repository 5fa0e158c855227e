// SPDX-License-Identifier: Apache-2.0
// The demo machine with an initramfs tool that does not work any more: the drivers are appended to the image it has.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { attachLoop, mount, run } from "../../src/system/index.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { firstPartition, migrateDisks, planAgain } from "../support/vms/matrix.ts";
import { temporary } from "../support/temporary.ts";

test("a kernel whose initramfs tool is broken: appended drivers, and it boots", async (t) => {
  const { signal } = t;
  const top = await temporary(t);
  const disk = join(top, "machine.img");
  const demo = await demoDisk({ signal, onProgress: (text) => t.diagnostic(text) });
  await run(["cp", "--sparse=always", "--reflink=auto", demo, disk], { timeoutMs: 300_000 });
  await mkdir(join(top, "root"));
  {
    await using loop = await attachLoop(disk, { ...(await firstPartition(disk)), readOnly: false });
    await using root = await mount(loop.path, join(top, "root"), { type: "ext4", options: [] });
    await writeFile(join(root.path, "usr/sbin/mkinitramfs"), "#!/bin/sh\necho 'no cpio' >&2\nexit 1\n");
  }
  const { report, directory } = await migrateDisks(t, "broken", [disk]);
  const [problem] = report.problems.filter(({ code }) => code === "initramfs-not-built");
  assert.match(String(problem?.text), /no cpio.*; the drivers of a VM were appended to it$/);
  const changes = await planAgain(directory, [join(directory, "broken-1.img")]);
  assert.deepEqual(changes, []);
});
