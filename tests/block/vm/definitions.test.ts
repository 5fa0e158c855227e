// SPDX-License-Identifier: Apache-2.0
// The definitions, judged by others: libvirt's schema, shellcheck, and QEMU itself.
import assert from "node:assert/strict";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { diskPath } from "../../../src/core/index.ts";
import { renderQemuScript } from "../../../src/vm/index.ts";
import { renderCheckDomain } from "../../../src/vm/check/domain.ts";
import { run } from "../../../src/system/index.ts";
import { SAMPLE_VM, SAMPLE_VMS } from "../../../lab/samples/vm.ts";
import { temporary } from "../../support/temporary.ts";

const golden = new URL("../../golden/definitions", import.meta.url).pathname;

async function goldens(suffix: string): Promise<readonly string[]> {
  const names = (await readdir(golden)).filter((name) => name.endsWith(suffix));
  assert.ok(names.length > 0);
  return names.map((name) => join(golden, name));
}

test("libvirt's schema accepts each domain", async (t) => {
  const directory = await temporary(t);
  for (const file of await goldens(".libvirt.xml.golden")) {
    const copy = join(directory, "domain.xml"); // the validator guesses by the name
    await copyFile(file, copy);
    const { stdout, stderr } = await run(["virt-xml-validate", copy, "domain"]);
    assert.match(stdout + stderr, /validates/);
  }
});

test("libvirt's schema accepts the domain of each boot check", async (t) => {
  const directory = await temporary(t);
  const file = join(directory, "domain.xml");
  const onVolumes = {
    ...SAMPLE_VM,
    disks: SAMPLE_VM.disks.map((disk) => ({ ...disk, volume: "/dev/vg0/web" })),
  };
  for (const vm of [...Object.values(SAMPLE_VMS), onVolumes]) {
    const disks = vm.disks.map((disk, index) => ({
      image: diskPath(disk, "/images"),
      layer: index === 0 ? "/check/layer-1.qcow2" : null,
      top: `/check/top-${index}.qcow2`,
    }));
    const files = { serialFile: "/check/serial.log", varsFile: "/check/vars.fd" };
    const uuid = "6f1b7f6e-5d1c-4f3a-9f57-0d8d0f2c8b11";
    const size = { memoryBytes: 2 ** 29, vcpus: 1 };
    const xml = renderCheckDomain({
      vm,
      name: `${vm.name}-p2v-check`,
      uuid,
      kvm: false,
      disks,
      ...files,
      ...size,
    });
    await writeFile(file, xml);
    const { stdout, stderr } = await run(["virt-xml-validate", file, "domain"]);
    assert.match(stdout + stderr, /validates/, xml);
    assert.doesNotMatch(xml, /<interface|<graphics/);
    assert.equal([...xml.matchAll(/restrict=on/g)].length, vm.nics.length);
    assert.equal(
      [...xml.matchAll(/<source (?:file="\/images\/|dev="\/dev\/vg0\/)/g)].length,
      vm.disks.length,
    );
  }
});

test("shellcheck finds nothing in the scripts for QEMU and Proxmox", async () => {
  const { stdout } = await run(["shellcheck", "-s", "sh", ...(await goldens(".sh.golden"))], {
    allowCodes: [1],
  });
  assert.equal(stdout, "");
});

/** Options of `qm create` and what their values look like, from qm(1) of Proxmox VE 8. */
const QM_OPTIONS: Readonly<Record<string, RegExp>> = {
  name: /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/,
  ostype: /^(?:other|l24|l26|solaris)$/,
  memory: /^[1-9]\d*$/,
  cores: /^[1-9]\d*$/,
  cpu: /^host$/,
  machine: /^(?:pc|q35)$/,
  bios: /^(?:seabios|ovmf)$/,
  efidisk0: /^local:1,efitype=4m,pre-enrolled-keys=[01]$/,
  smbios1: /^uuid=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  localtime: /^[01]$/,
  onboot: /^[01]$/,
  agent: /^enabled=1$/,
  serial0: /^socket$/,
  vga: /^std$/,
  rng0: /^source=\/dev\/urandom$/,
  boot: /^order=(?:virtio|sata|ide)\d+(?:;(?:virtio|sata|ide)\d+)*$/,
};
const QM_DISK = /^local:0,import-from=\/.+?(?:,discard=on)?$/;
const QM_NIC = /^(?:virtio|e1000)=(?:[0-9A-F]{2}:){5}[0-9A-F]{2},bridge=[A-Za-z0-9._-]+(?:,link_down=1)?$/;

test("each Proxmox script gives qm only what qm(1) documents", async (t) => {
  const directory = await temporary(t);
  await writeFile(join(directory, "qm"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o700 });
  await writeFile(join(directory, "pvesh"), "#!/bin/sh\necho 107\n", { mode: 0o700 });
  for (const file of await goldens(".proxmox.sh.golden")) {
    const env = { PATH: `${directory}:${process.env["PATH"] ?? ""}` };
    const { stdout } = await run(["sh", file, "local"], { env });
    const [verb, id, ...words] = stdout.trimEnd().split("\n").slice(0, -1);
    assert.deepEqual([verb, id], ["create", "107"]);
    const names = words.filter((_, index) => index % 2 === 0).map((word) => word.slice(2));
    assert.equal(new Set(names).size, names.length, "each option once");
    for (const [index, name] of names.entries()) {
      const value = words[2 * index + 1] ?? "";
      const pattern =
        QM_OPTIONS[name] ??
        (/^net\d+$/.test(name) ? QM_NIC : /^(?:virtio|sata|ide)\d+$/.test(name) ? QM_DISK : null);
      assert.match(value, pattern ?? /^no such option$/, `${file}: --${name} ${value}`);
    }
  }
});

/** The arguments that the script gives to QEMU, one a line. */
async function started(t: TestContext, vm = SAMPLE_VM, ...args: readonly string[]): Promise<string[]> {
  const directory = await temporary(t);
  const script = join(directory, `${vm.name}.qemu.sh`);
  await writeFile(script, renderQemuScript(vm), { mode: 0o700 });
  await writeFile(join(directory, "fake"), '#!/bin/sh\nprintf "%s\\n" "$(pwd)" "$@"\n', { mode: 0o700 });
  const env = { QEMU: join(directory, "fake"), ACCEL: "tcg" };
  const { stdout } = await run([script, ...args], { cwd: "/", env });
  const [cwd, ...argv] = stdout.trimEnd().split("\n");
  assert.equal(cwd, directory);
  return argv;
}

test("the QEMU script runs from anywhere, and names the images beside it", async (t) => {
  const argv = await started(t);
  assert.ok(argv.some((word) => word.endsWith("file.filename=./aurora-1.img")));
  assert.ok(argv.includes("-nographic"));
  assert.ok(argv.includes("user,id=net0"));
});

test("the QEMU script keeps an odd name in one piece, and takes its options", async (t) => {
  const vm = SAMPLE_VMS["old-machine-odd-name"];
  assert.ok(vm);
  const argv = await started(t, vm, "--isolated", "--snapshot", "--window", "--", "-S");
  assert.equal(argv[0], "-S");
  assert.ok(argv.includes(`guest=it's "old",, 1`));
  assert.ok(argv.some((word) => word.endsWith(`file.filename=./it's "old",, 1-2.img`)));
  assert.ok(argv.includes("user,id=net0,restrict=on"));
  assert.ok(argv.includes("-snapshot"));
  assert.ok(!argv.includes("-nographic"));
});

test("QEMU accepts the arguments of each script", async (t) => {
  for (const vm of Object.values(SAMPLE_VMS)) {
    if (vm.firmware.kind === "uefi") continue; // its firmware may not be installed; tested below where it is
    await accepts(t, vm);
  }
});

test("QEMU accepts the arguments for UEFI and Secure Boot", async (t) => {
  const { code } = await run(["test", "-f", "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"], { allowCodes: [1] });
  if (code !== 0) return t.skip("the package ovmf is not installed");
  for (const vm of Object.values(SAMPLE_VMS)) if (vm.firmware.kind === "uefi") await accepts(t, vm);
});

/** `-S` and a monitor that says quit: all devices are made, nothing runs. */
async function accepts(t: TestContext, vm: typeof SAMPLE_VM): Promise<void> {
  const directory = await temporary(t);
  const script = join(directory, "start.sh");
  await writeFile(script, renderQemuScript(vm), { mode: 0o700 });
  for (const disk of vm.disks)
    await run(["qemu-img", "create", "-q", "-f", disk.format, join(directory, disk.file), "16M"]);
  const { stdout } = await run([script, "--window", "--", "-S", "-display", "none", "-monitor", "stdio"], {
    input: "info block\nquit\n",
    env: { ACCEL: "tcg", MEMORY: "128" },
  });
  for (const disk of vm.disks) assert.ok(stdout.includes(disk.file), stdout);
}
