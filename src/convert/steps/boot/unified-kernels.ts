// SPDX-License-Identifier: Apache-2.0
// Unified kernel images on an EFI system partition: command line and initramfs are inside, and mostly signed. They are never
// changed; what would keep them from booting in a VM is reported before the copy.
import { guestFiles, makeProblem, named, type Problem } from "../../../core/index.ts";
import { step, type StepContext } from "../step.ts";
import { findUnified, unifiedCmdline, unifiedInitramfs, unifiedRelease } from "../../efi/uki.ts";
import { findMissing } from "../../initramfs/check.ts";
import { readInitramfs } from "../../initramfs/read.ts";
import { readNeeded } from "../../initramfs/wanted.ts";
import { nameDevices } from "../../loaders/devices.ts";
import { only } from "../../loaders/command-lines.ts";
import { deviceNames, withoutLost } from "./command-lines.ts";

const MAX_IMAGE_BYTES = 256 * 2 ** 20;

export const unifiedKernels = step(
  {
    name: "unified-kernels",
    explains:
      "Opens unified kernel images (EFI/Linux/*.efi) and reports which drivers and disk names would not fit a VM",
  },
  async (context) => {
    const { signal, draft } = context;
    for (const path of await findUnified(context)) {
      signal.throwIfAborted();
      for (const problem of await look(path, context)) draft.problem(problem);
    }
  },
);

async function look(path: string, context: StepContext): Promise<readonly Problem[]> {
  const { view } = context;
  const read = await view.read(path, { maxBytes: MAX_IMAGE_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError) return null;
    throw error;
  });
  const image = read === null ? null : Buffer.from(read.buffer, read.byteOffset, read.byteLength);
  const cmdline = image === null ? null : unifiedCmdline(image);
  if (image === null || cmdline === null) return [];
  const names = deviceNames(context);
  const { text, lost } = nameDevices(only(cmdline), names);
  const better = withoutLost(only(text), names).text;
  if (better !== cmdline || lost.length > 0) return [namesHardware(path, { cmdline, better })];
  const missing = await missingInside(image, context);
  if (typeof missing === "string") return [notOpened(path, missing)];
  return missing.length === 0 ? [] : [lacksDrivers(path, missing)];
}

/** Of what the kernel needs in the VM. A text: why it is not known. */
async function missingInside(image: Buffer, context: StepContext): Promise<readonly string[] | string> {
  const release = unifiedRelease(image);
  const kernel = context.guest.kernels.find(({ version }) => version === release);
  const wanted = kernel === undefined ? null : await readNeeded(kernel, context);
  if (wanted === null)
    return `the modules of its kernel (${release ?? "not named in it"}) are not in the guest`;
  const bytes = unifiedInitramfs(image);
  if (bytes === null) return "it has none of its own";
  try {
    return findMissing((await readInitramfs(bytes, { signal: context.signal })).entries, wanted);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

const namesHardware = (path: string, { cmdline, better }: { cmdline: string; better: string }): Problem =>
  makeProblem("uki-names-hardware", {
    about: guestFiles(path),
    text: `${path} is a unified kernel image with the command line "${cmdline.slice(0, 300)}" inside, which names disks that the VM lacks`,
    advice: `Build it again on the machine with "${better.slice(0, 300)}" and the drivers virtio_pci, virtio_blk and virtio_scsi, or start another kernel in the VM's boot menu`,
  });

const lacksDrivers = (path: string, missing: readonly string[]): Problem =>
  makeProblem("uki-lacks-drivers", {
    about: [...guestFiles(path), ...named("driver", ...missing)],
    text: `${path} is a unified kernel image, and the initramfs inside lacks ${missing.join(", ")}`,
    advice:
      "Build it again on the machine with these drivers (mkinitcpio -P, dracut --uefi or kernel-install), or start another kernel in the VM's boot menu",
  });

const notOpened = (path: string, why: string): Problem =>
  makeProblem("uki-not-opened", {
    about: guestFiles(path),
    text: `${path} is a unified kernel image: whether the initramfs inside has the drivers of a VM is not known: ${why}`,
    advice:
      "If the VM does not find its root, build it again on the machine with virtio_pci, virtio_blk and virtio_scsi",
  });
