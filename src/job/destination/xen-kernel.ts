// SPDX-License-Identifier: Apache-2.0
// Kernel and initramfs of the converted guest beside its images, where nothing on a Xen host reads the boot disk.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type GuestView, type Host, type Preview, UserError } from "../../core/index.ts";
import { kernelArguments } from "../../convert/index.ts";
import { rootUuid } from "../../plan/index.ts";
import { sendFile, type XenKernel } from "../../vm/index.ts";

const MAX_BYTES = 512 * 2 ** 20;

export type TakenKernel = XenKernel & { readonly kernelPath: string; readonly initramfsPath: string | null };

/** Of the newest bootable kernel, as it is after the conversion; null where the VM needs none. */
export async function takeKernel({
  plan: { vm, place, guest, intent },
  view,
  workDirectory,
}: {
  plan: Preview;
  view: GuestView | null;
  workDirectory: string;
}): Promise<TakenKernel | null> {
  if (place.hypervisor !== "xen" || vm.xen.loader !== "kernel" || guest === null || view === null)
    return null;
  const kernel = guest.kernels.find(({ bootable }) => bootable);
  const bytes = kernel === undefined ? null : await view.read(kernel.image, { maxBytes: MAX_BYTES });
  if (kernel === undefined || bytes === null)
    throw new UserError("kernel-missing", "The installed system has no kernel that could be started", {
      advice: "Install a kernel in it, or choose a host with libvirt",
    });
  const initramfs =
    kernel.initramfs === null ? null : await view.read(kernel.initramfs, { maxBytes: MAX_BYTES });
  const kernelPath = join(workDirectory, "vmlinuz");
  const initramfsPath = initramfs === null ? null : join(workDirectory, "initrd");
  await writeFile(kernelPath, bytes, { mode: 0o600 });
  if (initramfs !== null && initramfsPath !== null)
    await writeFile(initramfsPath, initramfs, { mode: 0o600 });
  const uuid = rootUuid({ guest, storage: intent.storage });
  const words = await kernelArguments(view, { image: kernel.image, rootUuid: uuid });
  return {
    kernelPath,
    initramfsPath,
    hasInitramfs: initramfs !== null,
    // The last console is where init writes, and the only one there.
    arguments: `${words} console=hvc0`,
  };
}

export async function putKernel(
  host: Host,
  { kernel, directory, name }: { kernel: TakenKernel; directory: string; name: string },
): Promise<void> {
  await sendFile(host, kernel.kernelPath, { to: `${directory}/${name}.vmlinuz` });
  if (kernel.initramfsPath !== null)
    await sendFile(host, kernel.initramfsPath, { to: `${directory}/${name}.initrd` });
}
