// SPDX-License-Identifier: Apache-2.0
// Unified kernel images on an EFI system partition: command line and initramfs are inside, and mostly signed. They are never
// changed; what a VM lacks in them is said.
import type { ConversionStep, StepContext } from "../../core/index.ts";
import { Draft } from "../draft.ts";
import { espMounts } from "../efi/esp-mounts.ts";
import { efiPath, listNames } from "../efi/tree.ts";
import { unifiedCmdline } from "../efi/uki.ts";
import { editDevices, nameStyle } from "../loaders/devices.ts";
import { only } from "../loaders/command-lines.ts";
import { readVolumes } from "../volumes.ts";

const MAX_IMAGE_BYTES = 256 * 2 ** 20;
const MAX_IMAGES = 16;

export const unifiedKernels: ConversionStep = {
  name: "unified-kernels",
  explains:
    "Looks into unified kernel images (EFI/Linux/*.efi) for names of the old machine's disks, and says so",
  async propose(context) {
    const draft = new Draft("unified-kernels", context);
    for (const esp of espMounts(context)) {
      const directory = await efiPath(context.view, esp, ["EFI", "Linux"]);
      const names = (await listNames(context.view, directory)).filter((name) => /\.efi$/i.test(name));
      for (const name of names.slice(0, MAX_IMAGES)) await look(`${directory}/${name}`, draft, context);
    }
    return draft.proposal();
  },
};

async function look(path: string, draft: Draft, { view, guest, intent }: StepContext): Promise<void> {
  const bytes = await view.read(path, { maxBytes: MAX_IMAGE_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError) return null;
    throw error;
  });
  const cmdline = bytes === null ? null : unifiedCmdline(Buffer.from(bytes));
  if (cmdline === null) return;
  const lost = new Set<string>();
  const names = { volumes: readVolumes(guest, intent), style: nameStyle(guest), lost };
  const better = editDevices(only(cmdline), names);
  const wrong = better !== cmdline || lost.size > 0;
  draft.problem({
    code: wrong ? "uki-names-hardware" : "uki-not-opened",
    severity: "warns",
    text: wrong
      ? `${path} is a unified kernel image with the command line "${cmdline.slice(0, 300)}" inside, which names disks that the VM lacks`
      : `${path} is a unified kernel image: whether the initramfs inside has the drivers of a VM is not known`,
    advice: wrong
      ? `Build it again on the machine with "${better.slice(0, 300)}" and the drivers virtio_pci, virtio_blk and virtio_scsi, or start another kernel in the VM's boot menu`
      : "If the VM does not find its root, build it again on the machine with virtio_pci, virtio_blk and virtio_scsi",
  });
}
