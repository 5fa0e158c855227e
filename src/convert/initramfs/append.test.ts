// SPDX-License-Identifier: Apache-2.0
// Drivers behind an initramfs that somebody else made: opened again they are inside, and each kind loads them in its way.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { cpioOf, type CpioEntry } from "../../../tests/support/cpio.ts";
import { memoryView, run } from "../../system/index.ts";
import { VM_DRIVERS } from "../../core/index.ts";
import { appendDrivers } from "./append.ts";
import { realPath } from "./archive.ts";
import { findMissing, type Wanted } from "./check.ts";
import { renderModulesDep, renderModulesDepBin } from "./module-index.ts";
import { parseModules } from "./modules.ts";
import { type Initramfs, readInitramfs } from "./read.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const KERNEL = "6.1.0-18-amd64";
const signal = new AbortController().signal;
const ELF = (name: string): Buffer => Buffer.from(`\u007fELF ${name}`);

/** virtio_blk needs virtio, virtio_pci both; .ko.zst in the guest. */
const DEP = `kernel/drivers/block/virtio_blk.ko.zst: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio.ko:
kernel/drivers/ata/ahci.ko: kernel/drivers/ata/libata.ko
kernel/drivers/ata/libata.ko:
`;
const MODULES: Readonly<Record<string, Buffer>> = {
  "kernel/drivers/block/virtio_blk.ko.zst": zstdCompressSync(ELF("blk")),
  "kernel/drivers/virtio/virtio_pci.ko": ELF("pci"),
  "kernel/drivers/virtio/virtio_ring.ko": ELF("ring"),
  "kernel/drivers/virtio/virtio.ko": ELF("virtio"),
};

const wantedOf = (kernel = KERNEL, dep = DEP): Wanted => ({
  kernel,
  modules: parseModules(dep, ""),
  drivers: VM_DRIVERS,
  fileSystems: [],
  opener: null,
  files: [],
});

const viewOf = (modules = MODULES, kernel = KERNEL): ReturnType<typeof memoryView> =>
  memoryView(
    Object.fromEntries(
      Object.entries(modules).map(([path, content]) => [`/lib/modules/${kernel}/${path}`, content]),
    ),
  );

type Given = {
  readonly wanted?: Wanted;
  readonly view?: ReturnType<typeof viewOf>;
  readonly pack?: (bytes: Buffer) => Buffer;
};

async function append(
  entries: Readonly<Record<string, CpioEntry>>,
  { wanted = wantedOf(), view = viewOf(), pack = (bytes) => gzipSync(bytes) }: Given = {},
): Promise<{ image: Initramfs; text: (path: string) => string; how: string; modules: readonly string[] }> {
  const appended = await appendDrivers(pack(cpioOf(entries)), wanted, { view, signal });
  assert.ok(appended.kind === "appended", appended.kind === "failed" ? appended.why : "");
  const image = await readInitramfs(appended.bytes, { signal });
  assert.deepEqual(findMissing(image.entries, wanted), [], "proven as every other");
  const text = (path: string): string => image.entries.get(path)?.content?.toString() ?? "";
  return { image, text, how: appended.how, modules: appended.modules };
}

const TOOLS: Readonly<Record<string, CpioEntry>> = {
  "scripts/functions": "load_modules() {",
  "conf/initramfs.conf": "MODULES=list\n",
  "conf/modules": "ahci",
  lib: { link: "usr/lib" },
  "usr/lib": { directory: true },
  [`usr/lib/modules/${KERNEL}`]: { directory: true },
  [`usr/lib/modules/${KERNEL}/kernel/drivers/ata/ahci.ko`]: ELF("ahci"),
};

test("initramfs-tools: modules below the real path, named in conf/modules behind what was there", async () => {
  const { image, text, how, modules } = await append(TOOLS);
  assert.equal(how, "initramfs-tools");
  assert.deepEqual(modules, ["virtio", "virtio_ring", "virtio_pci", "virtio_blk"]);
  assert.equal(
    text("conf/modules"),
    "ahci\n# Drivers of virtual machines. Written by virt-p2v.\nvirtio\nvirtio_ring\nvirtio_pci\nvirtio_blk\n",
  );
  assert.equal(image.entries.get("lib")?.kind, "link", "the link stays, and all below it");
  const blk = image.entries.get(`usr/lib/modules/${KERNEL}/kernel/drivers/block/virtio_blk.ko`);
  assert.equal(blk?.sizeBytes, ELF("blk").length, "unpacked");
});

test("dracut: a hook at pre-udev, wherever its version keeps them", async () => {
  for (const [entry, hook] of [
    ["usr/lib/dracut/hooks/cmdline/30-parse.sh", "usr/lib/dracut/hooks/pre-udev/00-p2v.sh"],
    ["var/lib/dracut/hooks/pre-trigger", "var/lib/dracut/hooks/pre-udev/00-p2v.sh"],
  ] as const) {
    const { text, how, image } = await append({ [entry]: "" });
    assert.equal(how, "dracut");
    assert.ok(image.entries.has(hook));
    assert.equal(text(hook), "", "not kept by the reader: only its place counts here");
  }
  const old = await append({
    "lib/dracut-lib.sh": "",
    "pre-udev": { directory: true },
    cmdline: { directory: true },
  });
  assert.ok(old.image.entries.has("pre-udev/00-p2v.sh"), "004 of RHEL 6");
});

test("mkinitcpio: MODULES of /config grows", async () => {
  const { text, how } = await append({ config: 'MODULES="ext4"\nHOOKS="udev"\n', init_functions: "" });
  assert.equal(how, "mkinitcpio");
  assert.match(
    text("config"),
    /^MODULES="ext4"\nHOOKS="udev"\n#.*\nMODULES="\$MODULES virtio virtio_ring virtio_pci virtio_blk"\n$/,
  );
});

test("nash of RHEL 5: insmod before the first driver of the old machine, in order", async () => {
  const init =
    '#!/bin/nash\n\nmkblkdevs\necho "Loading scsi_mod.ko module"\ninsmod /lib/scsi_mod.ko \nmkrootdev -t ext3 /dev/sda2\n';
  const { text, how, image } = await append({
    init,
    lib: { directory: true },
    "lib/scsi_mod.ko": ELF("scsi"),
  });
  assert.equal(how, "nash");
  assert.ok(image.entries.has("lib/p2v/virtio_blk.ko"));
  const lines = text("init")
    .split("\n")
    .filter((line) => line.startsWith("insmod"));
  assert.deepEqual(
    lines.map((line) => line.trim()),
    ["virtio", "virtio_ring", "virtio_pci", "virtio_blk"]
      .map((name) => `insmod /lib/p2v/${name}.ko`)
      .concat("insmod /lib/scsi_mod.ko"),
  );
});

test("systemd in the initramfs: modules-load.d; a shell's /init: ours runs first; anything else: a word", async () => {
  const systemd = await append({
    "usr/lib/systemd/systemd-modules-load": "ELF",
    "usr/lib/systemd/system/sysinit.target.wants/systemd-modules-load.service": { link: "../x" },
    init: { link: "usr/lib/systemd/systemd" },
  });
  assert.match(systemd.text("etc/modules-load.d/p2v.conf"), /\nvirtio_blk\n$/);
  const script = await append({ init: "#!/bin/sh\nexec switch_root\n", "bin/busybox": "ELF" });
  assert.equal(script.text("init.before-p2v"), "");
  assert.match(script.text("init"), /^#!\/bin\/sh\n[^]*exec \/init\.before-p2v "\$@"\n$/);
  const unknown = await appendDrivers(cpioOf({ init: ELF("own") }), wantedOf(), { view: viewOf(), signal });
  assert.deepEqual(unknown, { kind: "failed", why: "it is of a kind that virt-p2v does not know" });
});

test("a module that is not there, or cannot be unpacked, is named", async () => {
  const without = { ...MODULES, "kernel/drivers/virtio/virtio_pci.ko": Buffer.from("no ELF") };
  const bad = await appendDrivers(cpioOf(TOOLS), wantedOf(), { view: viewOf(without), signal });
  assert.ok(bad.kind === "failed" && bad.why.endsWith("virtio_pci.ko cannot be unpacked"));
  const gone = await appendDrivers(cpioOf(TOOLS), wantedOf(), { view: memoryView({}), signal });
  assert.ok(gone.kind === "failed" && gone.why.endsWith("virtio.ko is not there"));
});

test("a path in modules.dep that leaves the directory is not read", async () => {
  const wanted = wantedOf(KERNEL, "kernel/../../../etc/virtio_blk.ko:\n");
  const failed = await appendDrivers(cpioOf(TOOLS), wanted, { view: viewOf(), signal });
  assert.ok(failed.kind === "failed" && /no file that could be named/.test(failed.why));
});

test("behind an lz4 part on an old kernel: packed by gzip first, since such a kernel would read on", async (t) => {
  const { code } = await run(["sh", "-c", "command -v lz4"], { allowCodes: [1, 127] });
  if (code !== 0) return t.skip("lz4 is not installed");
  const directory = await temporary(t);
  await writeFile(join(directory, "a"), cpioOf(TOOLS));
  await run(["lz4", "-l", "-q", join(directory, "a"), join(directory, "b")]);
  for (const [kernel, compression] of [
    ["5.4.0-26-generic", "gzip"],
    ["5.8.0-1-generic", "lz4"],
  ] as const) {
    const bytes = await readFile(join(directory, "b"));
    const appended = await appendDrivers(bytes, wantedOf(kernel), { view: viewOf(MODULES, kernel), signal });
    assert.ok(appended.kind === "appended");
    const { parts } = await readInitramfs(appended.bytes, { signal });
    assert.deepEqual(
      parts.map((part) => part.compression),
      [compression, "none"],
    );
    assert.equal((parts[1]?.start ?? 1) % 4, 0);
  }
});

test("kmod itself finds in our index what it needs, in an order in which it loads", async (t) => {
  const { code } = await run(["sh", "-c", "command -v modprobe"], { allowCodes: [1, 127] });
  if (code !== 0) return t.skip("kmod is not installed");
  const base = await temporary(t);
  const { modules } = wantedOf();
  const names = ["virtio_blk", "virtio_pci", "virtio_ring", "virtio", "ahci", "libata"];
  const path = (name: string): string => (modules.path(name) ?? "").replace(".zst", "");
  const lines = names.map((name) => ({
    name,
    path: path(name),
    needs: modules.withDependencies(name).slice(0, -1).toReversed().map(path),
  }));
  const directory = join(base, "lib/modules", KERNEL);
  for (const { path: file } of lines) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), ELF(file));
  }
  await writeFile(join(directory, "modules.dep.bin"), renderModulesDepBin(lines));
  await writeFile(join(directory, "modules.dep"), renderModulesDep(lines));
  for (const [name, files] of [
    ["virtio-blk", ["virtio/virtio.ko", "virtio/virtio_ring.ko", "block/virtio_blk.ko"]],
    ["virtio", ["virtio/virtio.ko"]],
    ["ahci", ["ata/libata.ko", "ata/ahci.ko"]],
  ] as const) {
    const argv = ["modprobe", "-n", "--show-depends", "-d", base, "-S", KERNEL, name];
    const { stdout } = await run(argv);
    const loaded = stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().replace(/^insmod .*\/drivers\//, ""));
    assert.deepEqual(loaded, files);
  }
  const { code: missing } = await run(["modprobe", "-n", "-d", base, "-S", KERNEL, "virt"], {
    allowCodes: [1],
  });
  assert.equal(missing, 1, "a part of a name is not a name");
});

test("realPath() follows links as the kernel does, and ends in circles", () => {
  const entries = new Map(
    Object.entries({ lib: "usr/lib", "usr/lib": "/opt/lib", a: "b", b: "a", "x/y": "../lib" }).map(
      ([path, link]) => [path, { path, kind: "link" as const, sizeBytes: 1, content: Buffer.from(link) }],
    ),
  );
  assert.equal(realPath("lib/modules/1", entries), "opt/lib/modules/1");
  assert.equal(realPath("x/y/z", entries), "opt/lib/z");
  assert.equal(realPath("plain/z", entries), "plain/z");
  assert.equal(typeof realPath("a/z", entries), "string");
});
