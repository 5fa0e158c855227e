// SPDX-License-Identifier: Apache-2.0
// The main job on the demo machine, the whole way: a directory here, a host over ssh, and a guest whose network is lost.
import assert from "node:assert/strict";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Report } from "../../src/core/index.ts";
import { attachLoop, run } from "../../src/system/index.ts";
import { cli, leftovers } from "../support/cli.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { startSshd } from "../../lab/sshd.ts";
import { readTree, type Tree, treeDifferences } from "../support/guests/trees.ts";
import { assertChainAgrees } from "../support/vms/matrix.ts";
import { scratch, type Scratch } from "../support/temporary.ts";

const ROOT_TYPE = "ext4";
let source = "";
let sourceSha256 = "";
let scope: Scratch;
let directory = "";

async function sha256(path: string): Promise<string> {
  return (await run(["sha256sum", "--", path], { timeoutMs: 300_000 })).stdout.slice(0, 64);
}

/** Where the root file system lies, as sfdisk says. */
async function rootRange(image: string): Promise<{ start: number; end: number; type: string }> {
  const table = JSON.parse((await run(["sfdisk", "--json", image])).stdout) as {
    partitiontable: { partitions: readonly { start: number; size: number }[] };
  };
  const [first] = table.partitiontable.partitions;
  assert.ok(first !== undefined);
  return { start: first.start * 512, end: (first.start + first.size) * 512, type: ROOT_TYPE };
}

const treeOf = async (image: string): Promise<Tree> => await readTree(image, await rootRange(image));

async function readReport(vm: string): Promise<Report> {
  return JSON.parse(await readFile(join(vm, "report.json"), "utf8")) as Report;
}

before(async () => {
  source = await demoDisk({ signal: AbortSignal.timeout(15 * 60_000) });
  sourceSha256 = await sha256(source);
  scope = await scratch();
  directory = scope.path;
});

after(async () => {
  await scope[Symbol.asyncDispose]();
});

test("the demo machine, to a directory: booted, every file as it was but for what the report lists", async (t) => {
  const ended = await cli(
    ["migrate", "--disk", source, "--to", `dir:${directory}`, "--name", "aurora", "--proof", "full", "--yes"],
    { timeoutMs: 900_000 },
  );
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /aurora: booted\n/);
  // Seen: 294 to 304 MiB, by when the garbage collector runs. What grows with the disk is far above.
  assert.ok(ended.peakBytes < 330 * 2 ** 20, `the process took ${ended.peakBytes} bytes of memory`);
  assert.deepEqual(await leftovers(), []);

  const vm = join(directory, "aurora");
  const files = [
    "aurora-1.hashes",
    "aurora-1.img",
    "aurora.libvirt.xml",
    "aurora.proxmox.sh",
    "aurora.qemu.sh",
    "aurora.xl.cfg",
    "boot.png",
  ];
  assert.deepEqual(await readdir(vm), [
    ...files,
    "console.log",
    "conversion",
    "manifest.json",
    "report.html",
    "report.json",
  ]);
  const report = await readReport(vm);
  assert.equal(report.outcome.kind, "booted");
  t.diagnostic(assertChainAgrees(report));
  assert.equal(report.proof.level, "full");
  assert.equal(report.proof.held, true);
  assert.ok((report.seconds.plan ?? 0) + (report.seconds.convert ?? 0) < 60, "the conversion took a minute");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.equal(await sha256(source), sourceSha256);

  const image = join(vm, "aurora-1.img");
  const changed = new Set(report.changes.map((change) => change.path));
  const differing = treeDifferences(await treeOf(source), await treeOf(image));
  assert.deepEqual(
    differing.filter((path) => !changed.has(path)),
    [],
  );
  assert.deepEqual(
    [...changed].filter((path) => !differing.includes(path)),
    [],
  );
  const { start, end } = await rootRange(image);
  await using loop = await attachLoop(image, { offset: start, sizeBytes: end - start, readOnly: true });
  await run(["e2fsck", "-fn", loop.path], { timeoutMs: 300_000 });
});

test("the boot check wrote nothing to the image, and a second conversion finds nothing to do", async () => {
  const vm = join(directory, "aurora");
  const verified = await cli(["verify", "--json", vm]);
  assert.equal(verified.code, 0, verified.stderr);
  const planned = await cli([
    "plan",
    "--disk",
    join(vm, "aurora-1.img"),
    "--to",
    `dir:${directory}`,
    "--name",
    "again",
    "--json",
  ]);
  assert.equal(planned.code, 0, planned.stderr);
  assert.deepEqual(JSON.parse(planned.stdout).changes, []);
});

test("the same over a real ssh gives the same VM", async () => {
  await using sshd = await startSshd();
  const to = `ssh://${sshd.hostAlias}${join(directory, "over ssh").replaceAll(" ", "%20")}`;
  const ended = await cli(
    [
      "migrate",
      "--disk",
      source,
      "--to",
      to,
      "--name",
      "aurora",
      "--hypervisor", // this machine may have libvirt, stopped or not
      "qemu",
      "--ssh-config",
      sshd.sshConfigPath,
      "--yes",
    ],
    { timeoutMs: 900_000 },
  );
  assert.equal(ended.code, 0, ended.stderr);
  const [here, there] = [join(directory, "aurora"), join(directory, "over ssh/aurora")];
  assert.deepEqual(await readdir(there), await readdir(here));
  const [one, other] = [await readReport(here), await readReport(there)];
  assert.equal(other.outcome.kind, "booted");
  assert.deepEqual(other.vm, one.vm);
  assert.deepEqual(
    other.changes.map(({ path }) => path),
    one.changes.map(({ path }) => path),
  );
  for (const file of ["aurora.libvirt.xml", "aurora.proxmox.sh", "aurora.xl.cfg", "aurora.qemu.sh"])
    assert.equal(
      (await readFile(join(there, file), "utf8")).replaceAll(there, here),
      await readFile(join(here, file), "utf8"),
      file,
    );
  // An initramfs built twice differs in its bytes (times in it); what is inside was proven in both runs.
  const differing = treeDifferences(
    await treeOf(join(here, "aurora-1.img")),
    await treeOf(join(there, "aurora-1.img")),
  );
  assert.deepEqual(
    differing.filter((path) => !path.startsWith("/boot/initrd.img-")),
    [],
  );
  await rm(join(directory, "over ssh"), { recursive: true });
});

test("the files kept beside the report give the VM's image every file of the source back", async () => {
  const vm = join(directory, "aurora");
  const { changes, kept = null } = await readReport(vm);
  const states = changes.flatMap(({ before: was, after: is }) => [was, is]);
  const hashes = new Set(states.flatMap((state) => (state.kind === "bytes" ? [state.sha256] : [])));
  assert.deepEqual((await readdir(join(vm, "conversion/files"))).toSorted(), [...hashes].toSorted());
  assert.equal(kept?.files, hashes.size);
  for (const hash of hashes) {
    const file = join(vm, "conversion/files", hash);
    assert.equal(await sha256(file), hash);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  }
  assert.equal((await stat(join(vm, "conversion"))).mode & 0o777, 0o700);
  assert.match(await readFile(join(vm, "report.html"), "utf8"), /convert --undo conversion</);
  const ended = await cli(["convert", "--undo", join(vm, "conversion"), "--yes"], { timeoutMs: 300_000 });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await leftovers(), []);
  assert.deepEqual(treeDifferences(await treeOf(source), await treeOf(join(vm, "aurora-1.img"))), []);
});

test("without the pinned names the verdict is: booted, but no network", async () => {
  const to = join(directory, "unpinned");
  const ended = await cli(
    ["migrate", "--disk", source, "--to", `dir:${to}`, "--name", "aurora", "--skip", "nic-names", "--yes"],
    { timeoutMs: 900_000 },
  );
  assert.equal(ended.code, 7, ended.stderr);
  assert.match(ended.stdout, /booted, but no network/);
  const { outcome } = await readReport(join(to, "aurora"));
  assert.ok(
    outcome.kind === "booted-but" &&
      outcome.differences.some(({ about, text }) => about === "network" && text.includes("enp3s0")),
  );
});
