// SPDX-License-Identifier: Apache-2.0
// The portable file where nothing of what it needs is: in a root with a static busybox alone.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { demoDisk } from "../../lab/demo/machine.ts";
import { debianTree } from "../../scripts/release/portable/debian-tree.ts";
import type { Report } from "../../src/core/index.ts";
import { run } from "../../src/system/index.ts";
import { bringPortable, PORTABLE } from "../support/release/artifacts.ts";
import { busyboxRoot } from "../support/release/roots.ts";
import { migrateSmallDisk } from "../support/release/small-migration.ts";

test("in a root with a static busybox and nothing else: a small disk, and a whole Debian with its own initramfs tool", async (t) => {
  const busybox = join(
    await debianTree({ signal: t.signal, say: (text) => t.diagnostic(text) }),
    "bin/busybox",
  );
  const root = await busyboxRoot(t, busybox);
  await bringPortable(t, root);
  assert.deepEqual((await readdir(join(root.path, "bin"))).toSorted(), ["busybox", "sh"]);
  const doctor = await root.run([...PORTABLE, "doctor"]);
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.doesNotMatch(doctor.stdout, /MISSING/);
  await migrateSmallDisk(root, PORTABLE);

  // The guest's programs run in namespaces of their own, which is more than a disk of data asks for.
  const disk = await demoDisk({ signal: t.signal, onProgress: (text) => t.diagnostic(text) });
  await run(["cp", "--sparse=always", "--reflink=auto", disk, join(root.path, "demo.img")], {
    timeoutMs: 600_000,
  });
  const argv = [
    "migrate",
    "--disk",
    "/demo.img",
    "--to",
    "dir:/vms",
    "--name",
    "demo",
    "--yes",
    "--no-boot-check",
  ];
  const { code, stderr } = await root.run([...PORTABLE, ...argv]);
  assert.equal(code, 0, stderr.slice(-2000));
  const report = JSON.parse(await readFile(join(root.path, "vms/demo/report.json"), "utf8")) as Report;
  const built = report.problems.filter((problem) => /initramfs/.test(problem.code));
  assert.deepEqual(built, [], "the guest's own tool made the initramfs");
  assert.ok(report.changes.some(({ path, step }) => step === "initramfs" && path.startsWith("/boot/initrd")));
  assert.equal((await root.run([...PORTABLE, "verify", "/vms/demo"])).code, 0);
});

test("a kernel without loop devices or FUSE is told before anything is done", async (t) => {
  const busybox = join(
    await debianTree({ signal: t.signal, say: (text) => t.diagnostic(text) }),
    "bin/busybox",
  );
  const root = await busyboxRoot(t, busybox);
  await bringPortable(t, root);
  await writeFile(join(root.path, "disk.img"), Buffer.alloc(2 ** 20));
  // A /dev of its own, with the nodes that any has.
  const script = `busybox mount -t tmpfs none /dev && cd /dev && busybox mknod -m 666 null c 1 3 && busybox mknod urandom c 1 9 && shift 0 && exec sh /virt-p2v "$@"`;
  const inside = (more: string): readonly string[] => [
    "/bin/busybox",
    "sh",
    "-c",
    script.replace("shift 0", more),
    "sh",
  ];
  const none = await root.run([...inside("true"), "inspect", "--disk", "/disk.img"]);
  assert.equal(none.code, 3, none.stderr);
  assert.match(none.stderr, /Linux \d.* has no loop devices \(\/dev\/loop-control\)/);
  const loops = await root.run([
    ...inside("busybox mknod loop-control c 10 237"),
    "inspect",
    "--disk",
    "/disk.img",
  ]);
  assert.equal(loops.code, 3, loops.stderr);
  assert.match(loops.stderr, /has no FUSE \(\/dev\/fuse\)/);
  const doctor = await root.run([...inside("true"), "doctor"]);
  assert.equal(doctor.code, 3);
  assert.match(doctor.stdout, /loop devices no/);
});
