// SPDX-License-Identifier: Apache-2.0
// A kernel that lost its virtio drivers gets them from a package of extras/, installed by the guest's own dpkg; and what a
// hostile package may not do.
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  applyChanges,
  chrootTools,
  CONVERSION_STEPS,
  openBlobs,
  propose,
  type Proposal,
  undoChanges,
} from "../../src/convert/index.ts";
import type { GuestOS } from "../../src/core/index.ts";
import { inspectGuest, readMounts } from "../../src/inspect/index.ts";
import { readExtras } from "../../src/job/index.ts";
import { attachLoop, directoryView, mount, readMountTable, run } from "../../src/system/index.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { firstPartition, migrateDisks } from "../support/vms/matrix.ts";
import { buildDeb } from "../support/guests/packages.ts";
import { type MountedDemo, mountedDemo } from "../support/guests/mounted-demo.ts";
import { temporary } from "../support/temporary.ts";

const skip = process.getuid?.() === 0 ? false : "mounts file systems: run it as root";

const DRIVERS = ["virtio_pci", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_blk", "virtio_net"];

type Lamed = { readonly release: string; readonly modules: readonly string[] };

/** Takes the virtio modules of its kernel away from a system; they are kept in `aside`. */
async function takeVirtio(root: string, aside: string): Promise<Lamed> {
  const [release = ""] = await readdir(join(root, "lib/modules"));
  const top = join(root, "lib/modules", release);
  await mkdir(aside);
  const modules: string[] = [];
  for (const path of await readdir(join(top, "kernel/drivers"), { recursive: true })) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!DRIVERS.includes(name.replace(/\.ko.*$/, ""))) continue;
    await copyFile(join(top, "kernel/drivers", path), join(aside, name));
    await rm(join(top, "kernel/drivers", path));
    modules.push(join(aside, name));
  }
  assert.ok(modules.length >= 3);
  await run(["depmod", "-b", root, release]);
  return { release, modules };
}

async function lamedDemo(t: TestContext): Promise<MountedDemo & Lamed> {
  const demo = await mountedDemo(t, t.signal);
  return { ...demo, ...(await takeVirtio(demo.root, join(demo.work, "modules"))) };
}

/** As Debian has kernel modules of others: in extra/, with a script that lists modules and asks for a new initramfs. */
async function buildVirtio(path: string, { release, modules }: Lamed, work: string): Promise<void> {
  const files: Record<string, Buffer> = {};
  for (const one of modules)
    files[`lib/modules/${release}/extra${one.slice(one.lastIndexOf("/"))}`] = await readFile(one);
  const postinst =
    "#!/bin/sh\nset -e\ndepmod -a\nupdate-initramfs -u -k all\necho done > /var/lib/virtio-drivers\nstart-stop-daemon --version >/dev/null\n";
  await buildDeb(path, { name: "virtio-drivers", files, postinst, work });
}

async function look({ root, intent }: MountedDemo): Promise<GuestOS> {
  const view = directoryView(root);
  const rootNode = intent.storage.nodes.find((node) => node.id.startsWith("disk:1/part:1/"))?.id ?? "";
  const { mounts, names } = await readMounts(view, { graph: intent.storage, root: rootNode });
  return await inspectGuest(view, { rootNode, mounts, names, usedBytes: 0 });
}

async function proposeDrivers(t: TestContext, demo: MountedDemo, extras: string): Promise<Proposal> {
  const { root, work, intent } = demo;
  const blobs = await openBlobs(join(work, "blobs"));
  const { packages } = (await readExtras(extras)) ?? { packages: [] };
  return await propose({
    view: directoryView(root),
    guest: await look(demo),
    intent,
    blobs,
    tools: chrootTools({ root, workDirectory: work }),
    extras: { directory: extras, packages },
    steps: CONVERSION_STEPS.filter(({ name }) => name === "drivers"),
    signal: t.signal,
    emit: () => undefined,
  });
}

test("virtio of a package is installed by the guest's dpkg, and taken back again", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const demo = await lamedDemo(t);
  const { root, work, release } = demo;
  const extras = join(work, "extras");
  await buildVirtio(join(extras, "debian/12/amd64/virtio.deb"), demo, work);
  const before = await readdir(join(root, "lib/modules", release));
  const { changes, problems } = await proposeDrivers(t, demo, extras);
  assert.deepEqual(problems, []);
  const paths = changes.map(({ path }) => path);
  t.diagnostic(paths.join(" "));
  assert.ok(paths.some((path) => path.endsWith(`/lib/modules/${release}/extra/virtio_blk.ko`)));
  assert.ok(paths.includes("/var/lib/virtio-drivers") && paths.includes("/var/lib/dpkg/status"));
  assert.deepEqual(
    paths.filter((path) => /^\/(boot|tmp|run|dev|proc|sys|p2v)|policy-rc\.d/.test(path)),
    [],
  );
  assert.deepEqual(await readdir(join(root, "lib/modules", release)), before, "proposing writes nothing");
  const blobs = await openBlobs(join(work, "blobs"));
  const options = { root, blobs, signal: t.signal };
  await applyChanges(changes, options);
  const [kernel] = (await look(demo)).kernels;
  assert.deepEqual(
    ["virtio_pci", "virtio_blk", "virtio_net"].map((name) => kernel?.has[name]),
    ["module", "module", "module"],
  );
  const { stdout } = await run([
    "chroot",
    root,
    "dpkg-query",
    "--show",
    "--showformat=${Status}",
    "virtio-drivers",
  ]);
  assert.equal(stdout, "install ok installed");
  assert.deepEqual((await proposeDrivers(t, demo, extras)).changes, []);
  await undoChanges(changes, options);
  assert.deepEqual(await readdir(join(root, "lib/modules", release)), before);
  assert.deepEqual(
    (await readMountTable()).filter((one) => one.path.startsWith(work) && one.path !== root),
    [],
  );
});

test("a package that fails, lies or is none changes nothing, and is named", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const demo = await lamedDemo(t);
  const { root, work, release } = demo;
  const place = (name: string): string => join(work, name, "debian/12/amd64", `${name}.deb`);
  const claims = Object.fromEntries(
    ["virtio_pci", "virtio_blk", "virtio_net"].map((name) => [
      `lib/modules/${release}/extra/${name}.ko`,
      Buffer.from("no module"),
    ]),
  );
  const escape =
    "#!/bin/sh\nmknod /tmp/d b 7 0; cat /tmp/d && echo READ >&2\nmount -t tmpfs x /mnt && echo MOUNTED >&2\nexit 1\n";
  await buildDeb(place("fails"), { name: "virtio-fails", files: claims, postinst: escape, work });
  await buildDeb(place("lies"), {
    name: "virtio-lies",
    files: claims,
    postinst: "#!/bin/sh\nrm -rf /lib/modules/*/extra\n",
    work,
  });
  await mkdir(dirname(place("none")), { recursive: true });
  await writeFile(place("none"), "!<arch>\nnothing");
  const tell = async (name: string): Promise<readonly string[]> => {
    const { changes, problems } = await proposeDrivers(t, demo, join(work, name));
    assert.deepEqual(changes, [], name);
    return problems.map(({ code, text, advice }) => `${code}: ${text} ${advice}`);
  };
  const [fails = "", ...more] = await tell("fails");
  assert.deepEqual(more, []);
  assert.match(
    fails,
    /^drivers-not-installed: virtio-fails 1\.0 \(amd64\) from extras could not be installed \(.*virtio-fails/,
  );
  assert.doesNotMatch(fails, /READ|MOUNTED/);
  assert.match((await tell("lies"))[0] ?? "", /lacks virtio_pci, virtio_blk, virtio_net afterwards, too/);
  const none = await tell("none");
  assert.match(none[0] ?? "", /^extras-unreadable: .*none\.deb is left out: dpkg-deb cannot read it/);
  assert.match(
    none[1] ?? "",
    new RegExp(
      `^drivers-missing: Debian GNU/Linux 12 .* the kernel ${release} has no virtio_pci, virtio_blk, virtio_net, .*/none/debian/12/x86_64/`,
    ),
  );
  assert.deepEqual((await readdir(join(root, "lib/modules", release))).includes("extra"), false);
});

/** Without virtio modules in its kernel. */
async function lameDisk(t: TestContext): Promise<Lamed & { readonly work: string; readonly disk: string }> {
  const work = await temporary(t);
  const disk = join(work, "machine.img");
  const demo = await demoDisk({ signal: t.signal, onProgress: (text) => t.diagnostic(text) });
  await run(["cp", "--sparse=always", "--reflink=auto", demo, disk], { timeoutMs: 300_000 });
  await mkdir(join(work, "root"));
  const lamed = await takeAll();
  await untilReleased(disk);
  return { work, disk, ...lamed };

  async function takeAll(): Promise<Lamed> {
    await using loop = await attachLoop(disk, { ...(await firstPartition(disk)), readOnly: false });
    await using root = await mount(loop.path, join(work, "root"), { type: "ext4", options: [] });
    return await takeVirtio(root.path, join(work, "modules"));
  }
}

/** A mount namespace that another test made meanwhile holds the file system until it ends; only then it is all written. */
async function untilReleased(disk: string): Promise<void> {
  const end = Date.now() + 300_000;
  while ((await run(["losetup", "--noheadings", "--associated", disk])).stdout.trim() !== "") {
    if (Date.now() > end) throw new Error(`${disk} is still in use`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const definition = async (directory: string, name: string): Promise<string> =>
  await readFile(join(directory, `${name}.libvirt.xml`), "utf8");

test("a kernel without virtio boots with that of extras, on virtio disks, and brings the agent's unit along", async (t) => {
  const lame = await lameDisk(t);
  const extras = join(lame.work, "extras");
  await buildVirtio(join(extras, "debian/12/amd64/virtio.deb"), lame, lame.work);
  const more = ["--extras", extras, "--with", "guest-agent"];
  const { report, directory } = await migrateDisks(t, "helped", [lame.disk], more);
  assert.ok(
    report.changes.some(({ step, path }) => step === "drivers" && path.endsWith("/extra/virtio_blk.ko")),
  );
  assert.ok(report.changes.some(({ step }) => step === "guest-agent"));
  assert.match(await definition(directory, "helped"), /<target dev="vda" bus="virtio"\/>/);
});

test("a kernel without virtio and without extras boots on a SATA disk, and the package is named", async (t) => {
  const lame = await lameDisk(t);
  const { report, directory } = await migrateDisks(t, "lame", [lame.disk]);
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity === "warns").map(({ code }) => code),
    ["drivers-missing", "devices-emulated"],
  );
  assert.match(
    await definition(directory, "lame"),
    /<target dev="sda" bus="sata"\/>[^]*<model type="e1000"\/>/,
  );
});
