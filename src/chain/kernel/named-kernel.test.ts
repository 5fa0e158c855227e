// SPDX-License-Identifier: Apache-2.0
// Kernels where only the menu names them: NixOS keeps copies in /boot/kernels, or starts them from its store.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { cpioOf } from "../../../tests/support/cpio.ts";
import {
  type Bootable,
  debian,
  initramfsOf,
  judge,
  RELEASE as DEBIAN,
  ROOT,
} from "../../../tests/support/guests/bootable.ts";
import { unified } from "../../../tests/support/guests/unified.ts";
import { CFG, systemdBoot, verdicts } from "../../../tests/support/guests/bootable-loaders.ts";

const RELEASE = "6.6.32";
const STORE = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const SYSTEM = `${STORE}-nixos-system-web-24.05`;
const MODULES = ["virtio_pci", "virtio_blk", "ahci", "libata", "sd_mod", "ext4"];

/** As much of a kernel as its header. */
function bzImage(release: string): Buffer {
  const bytes = Buffer.alloc(0x1000);
  bytes.write("HdrS", 0x202, "latin1");
  bytes.writeUInt16LE(0x600, 0x20e);
  bytes.write(`${release} (nixbld@localhost) #1-NixOS SMP\0`, 0x800, "latin1");
  return bytes;
}

const initrdOf = (modules: readonly string[]): Buffer =>
  gzipSync(
    cpioOf({
      init: "#!/nix/store/ash\n",
      ...Object.fromEntries(
        modules.map((name) => [
          `${STORE.slice(1)}-linux-${RELEASE}-modules-shrunk/lib/modules/${RELEASE}/kernel/${name}.ko.xz`,
          "module",
        ]),
      ),
    }),
  );

function nixos(kernel: string, initrd: string, make = debian): Bootable {
  const system = make();
  for (const path of Object.keys(system.files))
    if (/^\/(?:boot\/(?:vmlinuz|initrd)|lib\/modules\/)/.test(path)) delete system.files[path];
  system.files[kernel] = bzImage(RELEASE);
  system.files[initrd] = initrdOf(MODULES);
  system.files[`${STORE}-modules/lib/modules/${RELEASE}/modules.dep`] = MODULES.map(
    (name) => `kernel/${name}.ko.xz:\n`,
  ).join("");
  system.files[`${SYSTEM}/kernel-modules`] = { link: `${STORE}-modules` };
  system.files[`${SYSTEM}/init`] = { content: "#!/nix/store/bash\n", mode: 0o755 };
  return system;
}

const WORDS = `init=${SYSTEM}/init root=UUID=${ROOT} loglevel=4`;
const menu = (kernel: string, initrd: string): string =>
  `search --set=drive1 --fs-uuid ${ROOT}\nset timeout=5\nmenuentry "NixOS" --class nixos --unrestricted {\n  linux ($drive1)/${kernel} ${WORDS}\n  initrd ($drive1)/${initrd}\n}\n`;

const IN_BOOT = [
  `/boot/kernels/bbbb-linux-${RELEASE}-bzImage`,
  `/boot/kernels/cccc-initrd-linux-${RELEASE}-initrd`,
] as const;
const IN_STORE = [`${STORE}-linux-${RELEASE}/bzImage`, `${STORE}-initrd-linux-${RELEASE}/initrd`] as const;

test("a kernel is opened wherever the menu names it, and so is its initramfs", async () => {
  for (const [kernel, initrd] of [IN_BOOT, IN_STORE]) {
    const system = nixos(kernel, initrd);
    system.files[CFG] = menu(kernel, initrd);
    const chain = await judge(system);
    assert.deepEqual(verdicts(chain, "broken"), []);
    for (const place of ["loader", "kernel", "initramfs", "init"]) {
      const link = chain.links.find((one) => one.place === place);
      assert.equal(link?.verdict, "proven", `${place}: ${String(link?.why)}`);
    }
    const lacking = nixos(kernel, initrd);
    lacking.files[CFG] = menu(kernel, initrd);
    lacking.files[initrd] = initrdOf(MODULES.filter((name) => name !== "ahci"));
    const broken = await judge(lacking);
    assert.match(verdicts(broken, "broken").join("\n"), /initramfs: .*lacks ahci/);
  }
});

test("entries of systemd-boot name NixOS's kernels on the EFI system partition", async () => {
  const kernel = `/boot/efi/EFI/nixos/bbbb-linux-${RELEASE}-bzImage.efi`;
  const initrd = `/boot/efi/EFI/nixos/cccc-initrd-linux-${RELEASE}-initrd.efi`;
  const system = nixos(kernel, initrd, systemdBoot);
  system.files["/boot/efi/loader/entries/debian-6.1.conf"] =
    `title NixOS\nlinux ${kernel.slice("/boot/efi".length)}\ninitrd ${initrd.slice("/boot/efi".length)}\noptions ${WORDS}\n`;
  const chain = await judge(system);
  assert.deepEqual(verdicts(chain, "broken"), []);
  for (const place of ["loader", "kernel", "initramfs"]) {
    const link = chain.links.find((one) => one.place === place);
    assert.equal(link?.verdict, "proven", `${place}: ${String(link?.why)}`);
  }
});

test("that a kernel nobody looked into lacks drivers of devices that were not chosen for it is not said for certain", async () => {
  const [kernel, initrd] = IN_BOOT;
  const system = nixos(kernel, initrd);
  system.files[CFG] = menu(kernel, initrd);
  system.files[`${STORE}-modules/lib/modules/${RELEASE}/modules.dep`] = "kernel/virtio_blk.ko.xz:\n";
  const chain = await judge(system);
  assert.deepEqual(verdicts(chain, "broken"), []);
  assert.equal(chain.links.find(({ place }) => place === "initramfs")?.verdict, "assumed");
});

test("a unified image says which kernel is inside", async () => {
  const image = (more: Readonly<Record<string, Uint8Array>>): Bootable => {
    const system = systemdBoot();
    for (const path of Object.keys(system.files))
      if (/loader\/entries|0123abcd|^\/boot\/(?:vmlinuz|initrd)/.test(path)) delete system.files[path];
    system.files["/boot/efi/EFI/Linux/debian-6.1.efi"] = unified(`root=UUID=${ROOT} ro`, more);
    return system;
  };
  const initrd = initramfsOf(["virtio_pci", "virtio_blk", "ahci", "libata", "sd_mod", "ext4", "jbd2"]);
  const verdict = async (more: Readonly<Record<string, Uint8Array>>): Promise<unknown> => {
    const chain = await judge(image(more));
    assert.deepEqual(verdicts(chain, "broken"), []);
    return chain.links.find(({ place }) => place === "initramfs")?.why;
  };
  assert.doesNotMatch(
    String(await verdict({ ".uname": Buffer.from(DEBIAN), ".initrd": initrd })),
    /kernel is not known/,
  );
  assert.match(String(await verdict({ ".initrd": initrd })), /kernel is not known/);
});

test("a kernel without a header of its own is not known, and breaks nothing", async () => {
  const [kernel, initrd] = IN_BOOT;
  const system = nixos(kernel, initrd);
  system.files[CFG] = menu(kernel, initrd);
  for (const bytes of [Buffer.from("ARM64"), bzImage("../../etc"), bzImage("")]) {
    system.files[kernel] = bytes;
    const chain = await judge(system);
    assert.deepEqual(verdicts(chain, "broken"), []);
    assert.equal(chain.links.find(({ place }) => place === "kernel")?.verdict, "assumed");
  }
});
