// SPDX-License-Identifier: Apache-2.0
// Lists the drivers of a VM in the guest's own configuration, so that they also get into every initramfs that the VM
// builds later. Tools that look at the machine they run on find them in the VM by themselves.
import type { StepContext } from "../step.ts";
import { type Kernel, VM_DRIVERS } from "../../../core/index.ts";
import { readModules } from "../../initramfs/modules.ts";
import { withNewline } from "../../text/lines.ts";

export const WHY_DRIVERS =
  "The VM's disks and network cards need these drivers before the root file system is mounted";

export async function listDrivers(kernels: readonly Kernel[], context: StepContext): Promise<void> {
  if (context.guest.initramfsTool === "initramfs-tools") await listModules(kernels, context);
  if (context.guest.initramfsTool === "mkinitfs") await addFeature(context);
}

const MODULES_FILE = "/etc/initramfs-tools/modules";

/** initramfs-tools(7): one module per line; they are included with MODULES=dep too. */
async function listModules(kernels: readonly Kernel[], { view, draft }: StepContext): Promise<void> {
  const wanted = new Set<string>();
  for (const kernel of kernels) {
    const modules = await readModules(view, kernel.version);
    for (const driver of VM_DRIVERS) if (modules?.place(driver) === "module") wanted.add(driver);
  }
  const add = (text: string): string => {
    const listed = new Set(
      text.split("\n").map((line) => (line.trim().split(/\s+/)[0] ?? "").replaceAll("-", "_")),
    );
    const missing = VM_DRIVERS.filter(
      (driver) => wanted.has(driver) && !listed.has(driver.replaceAll("-", "_")),
    );
    if (missing.length === 0) return text;
    return `${withNewline(text)}# Drivers of virtual machines. Written by virt-p2v.\n${missing.join("\n")}\n`;
  };
  if ((await view.resolve(MODULES_FILE)) !== null)
    await draft.edit(MODULES_FILE, { why: WHY_DRIVERS, edit: add });
  else if (wanted.size > 0) await draft.write(MODULES_FILE, { why: WHY_DRIVERS, text: add("") });
}

const FEATURES_FILE = "/etc/mkinitfs/mkinitfs.conf";

/** Alpine: `features="ata base ext4"`; its package brings the feature virtio (features.d/virtio.modules). */
async function addFeature({ view, draft }: StepContext): Promise<void> {
  if ((await view.resolve(FEATURES_FILE)) === null) return;
  if ((await view.resolve("/etc/mkinitfs/features.d/virtio.modules")) === null) return;
  await draft.edit(FEATURES_FILE, { why: WHY_DRIVERS, edit: addVirtio });
}

/** Pure. */
function addVirtio(text: string): string {
  return text.replace(
    /^(\s*features=)(["']?)([^"'\n]*)\2/m,
    (line, name: string, quote: string, list: string) =>
      list.split(/\s+/).includes("virtio")
        ? line
        : `${name}${quote === "" ? '"' : quote}${list.trimEnd()} virtio${quote === "" ? '"' : quote}`,
  );
}
