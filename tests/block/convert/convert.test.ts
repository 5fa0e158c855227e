// SPDX-License-Identifier: Apache-2.0
// Conversion of the demo machine's disk with its own programs, for real: proposed, applied, proven, proposed again, undone.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  applyChanges,
  chrootTools,
  openBlobs,
  propose,
  readInitramfs,
  undoChanges,
} from "../../../src/convert/index.ts";
import { inspectGuest, readMounts } from "../../../src/inspect/index.ts";
import { directoryView, readMountTable, run } from "../../../src/system/index.ts";
import { DEMO_UUIDS } from "../../../lab/demo/files.ts";
import { temporary } from "../../support/temporary.ts";
import { waitFor } from "../../../lab/processes.ts";
import { mountedDemo } from "../../support/guests/mounted-demo.ts";

const skip = process.getuid?.() === 0 ? false : "mounts file systems: run it as root";

test("the demo disk is converted by its own tools, once, and back again", {
  skip,
  timeout: 900_000,
}, async (t) => {
  const signal = AbortSignal.timeout(880_000);
  const { root, work, intent } = await mountedDemo(t, signal);
  const view = directoryView(root);
  const rootNode = intent.storage.nodes.find((node) => node.id.startsWith("disk:1/part:1/"))?.id ?? "";
  const { mounts, names } = await readMounts(view, { graph: intent.storage, root: rootNode });
  const guest = await inspectGuest(view, { rootNode, mounts, names, usedBytes: 0 });
  const blobs = await openBlobs(join(work, "blobs"));
  const tools = chrootTools({ root, workDirectory: work });
  const options = { view, guest, intent, blobs, tools, signal, emit: () => undefined };
  const before = await fileStates(root);
  const begun = performance.now();
  const { changes, problems } = await propose(options);
  const proposed = performance.now();
  assert.deepEqual(
    problems.filter((problem) => problem.severity === "stops"),
    [],
  );
  assert.deepEqual(await fileStates(root), before, "proposing writes nothing");
  await applyChanges(changes, { root, blobs, signal });
  t.diagnostic(
    `proposed in ${Math.round(proposed - begun)} ms, applied in ${Math.round(performance.now() - proposed)} ms`,
  );
  t.diagnostic(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  t.diagnostic(changes.map((change) => change.path).join(" "));

  const fstab = await readFile(join(root, "etc/fstab"), "utf8");
  assert.match(
    fstab,
    new RegExp(`^UUID=${DEMO_UUIDS.root}\t/ {15}ext4 {4}errors=remount-ro,noatime 0 {7}1$`, "m"),
  );
  assert.match(fstab, new RegExp(`^UUID=${DEMO_UUIDS.swap} {7}none\t\t {3}swap`, "m"));
  const menu = await readFile(join(root, "boot/grub/grub.cfg"), "utf8");
  assert.doesNotMatch(menu, /(root|resume)=\/dev\/sd/);
  const kernels = guest.kernels.filter((kernel) => kernel.bootable);
  assert.notEqual(kernels.length, 0);
  for (const kernel of kernels) {
    const { entries } = await readInitramfs(join(root, kernel.initramfs ?? ""), { signal });
    const names = [...entries.keys()].join("\n");
    for (const module of [
      "virtio_blk",
      "virtio_net",
      "virtio_pci",
      "virtio_scsi",
      "xen-blkfront",
      "xen-netfront",
    ])
      assert.match(names, new RegExp(`/${module}\\.ko`), `${kernel.version}: ${module}`);
    assert.equal(entries.get("conf/conf.d/resume")?.content?.toString(), `RESUME=UUID=${DEMO_UUIDS.swap}\n`);
  }
  const again = await propose(options);
  assert.deepEqual(again.changes, []);
  await undoChanges(changes, { root, blobs, signal });
  const after = await fileStates(root);
  for (const [path, state] of before) assert.equal(after.get(path), state, path);
  assert.deepEqual(
    (await readMountTable()).filter((one) => one.path.startsWith(work) && one.path !== root),
    [],
  );
});

/** Kind, mode, owner, size and content of what conversion may touch. */
async function fileStates(root: string): Promise<ReadonlyMap<string, string>> {
  const argv = ["find", "boot", "etc", "usr/sbin", "-printf", "%p %y %m %U:%G %s %l\\n"];
  const { stdout } = await run(argv, { cwd: root });
  const sums = await run(["sh", "-c", "find boot etc -type f -exec sha256sum {} +"], { cwd: root });
  const states = new Map<string, string>();
  for (const line of stdout.split("\n"))
    if (!/ d \d+ /.test(line)) states.set(line.split(" ")[0] ?? "", line);
  for (const line of sums.stdout.split("\n")) states.set(`sum ${line.slice(66)}`, line.slice(0, 64));
  return states;
}

test("programs of the guest see no disk, network or process of this machine", {
  skip,
  timeout: 900_000,
}, async (t) => {
  const signal = AbortSignal.timeout(880_000);
  const { root, work } = await mountedDemo(t, signal);
  const { sandboxed } = await import("../../../src/convert/guest-tools/sandbox.ts");
  const inside = "/p2v-inside";
  await mkdir(join(root, inside));
  await mkdir(join(work, "out"));
  const script = [
    "ls /dev",
    "cat /proc/swaps /proc/partitions",
    "ls /sys",
    "mknod /tmp/disk b 254 0 && dd if=/tmp/disk count=1 && echo DISK READ",
    "mount -t tmpfs none /mnt && echo MOUNTED",
    "echo b > /proc/sysrq-trigger && echo REBOOTED",
    "ls -d /proc/[0-9]*",
    "cat /proc/net/route /proc/net/dev",
    "ls /..",
    "unshare --user true && echo USER NAMESPACE",
    // Out of the chroot in the classic way: what is there is an empty directory that holds the guest, and nothing else.
    `perl -e 'mkdir "/tmp/x"; opendir D, "/"; chroot "/tmp/x" or die; chdir D; chdir ".." for 1..50; chroot "." or die; print "left: ", join(" ", glob "/*"), "\n"'`,
    "id -u",
    `echo result > ${inside}/result`,
    "true",
  ].join("\n");
  const argv = sandboxed({ merged: root, out: join(work, "out"), inside }, ["/bin/sh", "-c", script]);
  const { stdout } = await run(argv, { signal, timeoutMs: 60_000 });
  assert.match(stdout, /^fd\nfull\nnull\npts\nrandom\nshm\nstderr\nstdin\nstdout\nurandom\nzero\n/);
  assert.doesNotMatch(stdout, /DISK READ|MOUNTED|REBOOTED|USER NAMESPACE|vda|sda|eth0/);
  assert.match(stdout, /^\/proc\/1$/m);
  assert.match(stdout, /^left: \/guest$/m);
  assert.equal(await readFile(join(work, "out/result"), "utf8"), "result\n");
  assert.deepEqual((await readdir(join(root, "dev"))).includes("vda"), false);
});

test("what others unmount while a program of the guest works is unmounted", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const { root, work } = await mountedDemo(t, AbortSignal.timeout(280_000));
  const { sandboxed } = await import("../../../src/convert/guest-tools/sandbox.ts");
  const inside = "/p2v-inside";
  await mkdir(join(root, inside));
  await mkdir(join(work, "out"));
  // A name that is none of ours.
  const image = join(await temporary(t), "image");
  const place = join("/mnt", `somebody's stick ${process.pid}`);
  t.after(() => rm(place, { recursive: true, force: true }));
  await mkdir(place);
  await run(["truncate", "-s", "8M", image]);
  await run(["mkfs.ext4", "-q", image]);
  await run(["mount", "-o", "loop", image, place]);
  const stop = new AbortController();
  const argv = sandboxed({ merged: root, out: join(work, "out"), inside }, [
    "/bin/sh",
    "-c",
    `: > ${inside}/begun; sleep 250`,
  ]);
  const program = run(argv, { signal: stop.signal, timeoutMs: 270_000, isGuest: true });
  program.catch(() => undefined); // ended below
  await waitFor("the program", () => Promise.resolve(existsSync(join(work, "out", "begun"))));
  await run(["umount", place]);
  // The loop device goes with the last mount, wherever that is.
  await waitFor("the loop device", async () => (await run(["losetup", "-j", image])).stdout === "");
  assert.match((await run(["dumpe2fs", "-h", image])).stdout, /^Filesystem state: +clean$/m);
  stop.abort();
  await assert.rejects(program);
});
