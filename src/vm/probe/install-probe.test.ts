// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../../core/index.ts";
import { installProbe } from "./install-probe.ts";
import { interfaceWord, noProbeReason, type ProbeFile, probeFiles } from "./probe-files.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const file = (path: string): ProbeFile => ({ kind: "file", path, mode: 0o644, content: "probe" });

async function places(t: TestContext): Promise<{ root: string; outside: string }> {
  const base = await temporary(t);
  await mkdir(join(base, "root"));
  await mkdir(join(base, "outside"));
  return { root: join(base, "root"), outside: join(base, "outside") };
}

test("installProbe() makes parents, files and links", async (t) => {
  const { root } = await places(t);
  await installProbe(root, [
    file("/etc/a/b"),
    { kind: "link", path: "/etc/wants/x", linkTarget: "/etc/a/b" },
  ]);
  assert.equal(await readFile(join(root, "etc/a/b"), "utf8"), "probe");
  assert.equal(await readlink(join(root, "etc/wants/x")), "/etc/a/b");
});

test("installProbe() resolves links inside the guest's root", async (t) => {
  const { root, outside } = await places(t);
  await symlink(outside, join(root, "abs"));
  await symlink("../../../../../../tmp/../up", join(root, "rel"));
  await installProbe(root, [file("/abs/x"), file("/rel/y")]);
  assert.deepEqual(await readdir(outside), []);
  assert.equal(await readFile(join(root, outside, "x"), "utf8"), "probe");
  assert.equal(await readFile(join(root, "up/y"), "utf8"), "probe");
});

test("installProbe() replaces a link at the file's own place, and writes not through it", async (t) => {
  const { root, outside } = await places(t);
  await writeFile(join(outside, "passwd"), "keep");
  await symlink(join(outside, "passwd"), join(root, "x"));
  await installProbe(root, [file("/x")]);
  assert.equal(await readFile(join(outside, "passwd"), "utf8"), "keep");
  assert.equal(await readFile(join(root, "x"), "utf8"), "probe");
});

test("installProbe() ends at loops of links, and at what is not a directory", async (t) => {
  const { root } = await places(t);
  await symlink("loop", join(root, "loop"));
  await writeFile(join(root, "plain"), "");
  for (const path of ["/loop/x", "/plain/x"])
    await assert.rejects(
      installProbe(root, [file(path)]),
      (error) => error instanceof UserError && error.code === "probe-path",
    );
});

test("installProbe() adds a line where init reads it, and to nothing else", async (t) => {
  const { root, outside } = await places(t);
  const line: ProbeFile = { kind: "line", path: "/etc/inittab", line: "p2v", among: /:initdefault:/ };
  await mkdir(join(root, "etc"));
  const path = join(root, "etc/inittab");
  for (const before of ["id:2:initdefault:\n", "id:2:initdefault:"]) {
    await writeFile(path, before);
    assert.equal(await installProbe(root, [line]), true);
    assert.equal(await readFile(path, "utf8"), "id:2:initdefault:\np2v\n");
  }
  await writeFile(path, "::sysinit:/etc/rc\n");
  assert.equal(await installProbe(root, [line]), false, "of another init");
  await rm(path);
  assert.equal(await installProbe(root, [line]), false, "absent");
  await writeFile(join(outside, "inittab"), "id:2:initdefault:\n");
  await symlink(join(outside, "inittab"), path);
  assert.equal(await installProbe(root, [line]), false, "a link out");
  assert.equal(await readFile(join(outside, "inittab"), "utf8"), "id:2:initdefault:\n");
});

const guest = {
  family: "debian",
  id: "debian",
  version: "12",
  title: "Debian 12",
  hostname: "aurora",
  arch: "x86_64",
  root: "fs",
  mounts: [],
  names: { known: [], unclear: [] },
  loader: "grub2",
  initramfsTool: "initramfs-tools",
  kernels: [],
  usedBytes: 0,
};

test("probeFiles() puts no hostile interface name into the script", () => {
  const files = probeFiles({
    ...guest,
    init: "systemd",
    network: ["enp3s0", "a'; rm -rf /", "x y", "$(id)", "..", "eth0.5"].map((name) => ({
      name,
      mac: null,
      from: "",
      configured: { kind: "dhcp" as const },
    })),
  });
  const script = files?.find(({ path }) => path.endsWith(".sh"));
  assert.ok(script?.kind === "file");
  assert.match(script.content, /^wants='enp3s0 eth0\.5'$/m);
  assert.equal(interfaceWord("sixteen-letters-x"), null);
});

test("probeFiles() has init start it last, where that is sysvinit", () => {
  const [script, line, ...more] = probeFiles({ ...guest, init: "sysv", network: [] }) ?? [];
  assert.deepEqual(more, []);
  assert.ok(script?.kind === "file" && line?.kind === "line");
  assert.equal(line.path, "/etc/inittab");
  assert.match(line.line, /^[a-z0-9]{1,4}:12345:once:\/bin\/sh \S+ </);
  assert.ok(line.line.includes(script.path));
  assert.match("# x\nid:2:initdefault:\n", line.among);
  assert.doesNotMatch("#id:2:initdefault:\n::sysinit:/etc/rc\n", line.among);
});

test("probeFiles() has no probe for other inits, and noProbeReason() says so", () => {
  for (const init of ["openrc", "upstart", "busybox", "unknown"] as const) {
    const other = { ...guest, init, network: [] };
    assert.equal(probeFiles(other), null);
    assert.match(noProbeReason(other), /Debian 12/);
  }
  assert.match(noProbeReason(null), /No operating system/);
});
