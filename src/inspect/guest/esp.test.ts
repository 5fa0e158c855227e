// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, Mount } from "../../core/index.ts";
import { type MemoryFile, memoryView } from "../../system/index.ts";
import { findEspMount } from "./esp.ts";
import { readKernels } from "./kernels.ts";
import { readBootMenu } from "./loader.ts";

const ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

function graph(type: string): BlockGraph {
  const node = { path: "disk.img", sizeBytes: 2 ** 28, sectorBytes: 512 };
  const part = { kind: "partition", number: 1, type, uuid: null, bootable: null } as const;
  const fat = { kind: "filesystem", type: "vfat", uuid: "C1F2-E3D4", label: null } as const;
  return {
    nodes: [
      { ...node, id: "part", holds: part },
      { ...node, id: "fat", holds: fat },
    ],
    edges: [{ from: "fat", to: "part", map: null }],
  };
}

const mountAt = (path: string, node: string | null): Mount => ({
  path,
  spec: "/dev/sda1",
  type: "vfat",
  options: "",
  node,
});
const directories = (...paths: readonly string[]): Record<string, MemoryFile> =>
  Object.fromEntries(paths.map((path) => [path, { directory: true } as const]));

test("an EFI system partition that fstab does not name is mounted where systemd or an installer would", async () => {
  const where = async (
    files: Record<string, MemoryFile>,
    mounts: readonly Mount[] = [],
    type = ESP_TYPE,
  ): Promise<string | undefined> => (await findEspMount(memoryView(files), mounts, graph(type)))?.path;
  assert.equal(await where(directories("/efi", "/boot")), "/efi");
  assert.equal(await where(directories("/boot/efi")), "/boot/efi");
  assert.equal(await where(directories("/boot")), "/boot");
  assert.equal(await where({ "/boot/vmlinuz-6": "kernel" }), undefined, "no place for it");
  assert.equal(await where(directories("/boot"), [mountAt("/boot", "other")]), "/boot/efi");
  assert.equal(await where(directories("/boot/efi"), [mountAt("/boot/efi", "fat")]), undefined, "in fstab");
  assert.equal(await where(directories("/boot"), [], "ef"), "/boot", "of an MBR");
  assert.equal(await where(directories("/boot"), [], "0700"), undefined, "a stick with FAT");
  assert.equal(await where({ "/efi": { link: "/boot" }, "/boot/efi": "a file" }), undefined);
});

test("kernels that kernel-install put on the ESP are those that boot, whatever copy is in /boot", async () => {
  const id = "6f1d2c3b4a5968778695a4b3c2d1e0f2";
  const home = `/${id}/6.1.0-18-amd64`;
  const view = memoryView({
    "/boot/vmlinuz-6.1.0-18-amd64": "kernel",
    "/boot/initrd.img-6.1.0-18-amd64": "initramfs",
    [`/boot/efi${home}/linux`]: "kernel",
    [`/boot/efi${home}/initrd.img-6.1.0-18-amd64`]: "initramfs",
    "/boot/efi/loader/entries/one.conf": `title Debian\nlinux ${home}/linux\ninitrd ${home}/initrd.img-6.1.0-18-amd64\n`,
    "/lib/modules/6.1.0-18-amd64/modules.dep": "",
  });
  const menu = await readBootMenu(view);
  assert.equal(menu.loader, "systemd-boot");
  const kernels = await readKernels(view, { menu, family: "debian" });
  assert.deepEqual(
    kernels.map(({ image, initramfs, bootable }) => ({ image, initramfs, bootable })),
    [
      {
        image: `/boot/efi${home}/linux`,
        initramfs: `/boot/efi${home}/initrd.img-6.1.0-18-amd64`,
        bootable: true,
      },
    ],
  );
});
