// SPDX-License-Identifier: Apache-2.0
// What stops is what the VM needs to find its root, and no driver more: the chain of boot says the same.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { cpioOf } from "../../../../tests/support/cpio.ts";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { DEMO_FILES, testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import type { Intent } from "../../../core/index.ts";
import { prove } from "./prove.ts";

const [kernel] = testGuestOS().kernels;
const RELEASE = kernel?.version ?? "";

type Given = {
  readonly inside: readonly string[];
  readonly words?: string;
  readonly hypervisor?: Intent["hypervisor"];
};

async function missing(
  t: TestContext,
  { inside, words = "ro", hypervisor = "qemu" }: Given,
): Promise<string> {
  const ALL = ["virtio_pci", "virtio_blk", "virtio_net", "virtio_scsi", "xen-blkfront", "xen-netfront"];
  const modules = inside.map((name) => [`usr/lib/modules/${RELEASE}/kernel/${name}.ko`, "ELF"] as const);
  const files = {
    ...DEMO_FILES,
    [`/lib/modules/${RELEASE}/modules.dep`]: ALL.map((name) => `kernel/${name}.ko:\n`).join(""),
    [`/lib/modules/${RELEASE}/modules.builtin`]: "kernel/fs/ext4.ko\n",
    [kernel?.initramfs ?? ""]: gzipSync(cpioOf(Object.fromEntries(modules))),
    "/boot/grub/grub.cfg": `menuentry x {\n\tlinux ${kernel?.image ?? ""} ${words}\n}\n`,
  };
  const guest = await fakeGuest(t, { files, intent: { ...testIntent(), hypervisor } });
  const { problems } = await proposeStep(prove, guest);
  return problems
    .filter(({ code }) => code === "initramfs-not-proven")
    .map(({ text }) => String(text))
    .join("\n");
}

test("only the disk's drivers are needed, of this hypervisor; the card's where the root is on the network", async (t) => {
  const disk = ["virtio_pci", "virtio_blk"];
  assert.equal(await missing(t, { inside: disk }), "");
  assert.match(await missing(t, { inside: ["virtio_pci"] }), /lacks virtio_blk$/);
  assert.match(await missing(t, { inside: disk, words: "root=/dev/nfs ip=dhcp" }), /lacks virtio_net$/);
  assert.equal(await missing(t, { inside: [...disk, "virtio_net"], words: "ip=dhcp" }), "");
  assert.equal(await missing(t, { inside: ["xen-blkfront"], hypervisor: "xen" }), "");
  assert.match(await missing(t, { inside: disk, hypervisor: "xen" }), /lacks xen_blkfront$/);
});
