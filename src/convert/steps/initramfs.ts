// SPDX-License-Identifier: Apache-2.0
// The initramfs of every bootable kernel, rebuilt by the guest's own initramfs-tools with the drivers of a VM inside.
import {
  type ConversionStep,
  type Emit,
  type FileState,
  type Kernel,
  type StepContext,
  VM_DRIVERS,
} from "../../core/index.ts";
import { layeredView } from "../../system/index.ts";
import { Draft } from "../draft.ts";
import { findMissing } from "../initramfs/check.ts";
import { isRelease, readModules } from "../initramfs/modules.ts";
import { MAX_INITRAMFS_BYTES, readInitramfs } from "../initramfs/read.ts";
import { readWanted } from "../initramfs/wanted.ts";
import { withNewline } from "../lines.ts";
import type { Built, GuestTools } from "../tools.ts";

const MODULES_FILE = "/etc/initramfs-tools/modules";
const WHY = "The VM's disks and network cards need these drivers before the root file system is there";
/** What initramfs-tools and its hooks put into the image: a change here makes it stale. */
const INPUTS =
  /^(\/usr)?\/(etc\/(initramfs-tools|crypttab|fstab|udev|systemd\/network|modprobe\.d|mdadm|lvm)|lib\/modules)(\/|$)/;

export function initramfs({ tools, emit }: { tools: GuestTools; emit: Emit }): ConversionStep {
  return {
    name: "initramfs",
    explains: "Rebuilds the initramfs of every bootable kernel with the drivers of a VM",
    async propose(context) {
      const draft = new Draft("initramfs", context);
      const kernels = context.guest.kernels.filter((one) => one.bootable && isRelease(one.version));
      if (context.guest.initramfsTool !== "initramfs-tools") return draft.proposal(); // prove says what is missing
      await addDrivers(kernels, draft, context);
      const own = draft.proposal().changes;
      const changes = [...context.changes, ...own];
      const stale = await staleKernels(kernels, { ...context, changes });
      if (stale.length === 0) return draft.proposal();
      const request = {
        kernels: stale.map((one) => one.version),
        changes,
        blobs: context.blobs,
        signal: context.signal,
      };
      emit({ type: "step", phase: "plan", text: `Building the initramfs of ${request.kernels.join(", ")}` });
      await tools.buildInitramfs(request, async (version, built) => {
        const kernel = stale.find((one) => one.version === version);
        if (kernel !== undefined) await addBuilt(kernel, built, { draft, context });
      });
      return draft.proposal();
    },
  };
}

/** Named in the guest's own list, they also get into every initramfs that the VM builds later, with MODULES=dep too. */
async function addDrivers(kernels: readonly Kernel[], draft: Draft, { view }: StepContext): Promise<void> {
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
  if ((await view.resolve(MODULES_FILE)) !== null) await draft.edit(MODULES_FILE, { why: WHY, edit: add });
  else if (wanted.size > 0) await draft.write(MODULES_FILE, { why: WHY, text: add("") });
}

/** Kernels whose image lacks something, or was made from files that change. */
async function staleKernels(kernels: readonly Kernel[], context: StepContext): Promise<readonly Kernel[]> {
  const { changes, guest, intent, blobs, signal } = context;
  const inputs = changes.some((change) => INPUTS.test(change.path));
  const view = layeredView(context.view, blobs, changes);
  const stale: Kernel[] = [];
  for (const kernel of kernels) {
    const wanted = await readWanted(kernel, { view, guest, intent });
    if (kernel.initramfs === null || wanted === null) continue;
    if (inputs || (await isIncomplete(kernel.initramfs))) stale.push(kernel);
    async function isIncomplete(path: string): Promise<boolean> {
      try {
        const bytes = await view.read(path, { maxBytes: MAX_INITRAMFS_BYTES });
        if (bytes === null || wanted === null) return true;
        return findMissing((await readInitramfs(bytes, { signal })).entries, wanted).length > 0;
      } catch (error) {
        if (error instanceof RangeError) return true; // damaged: a new one is due
        throw error;
      }
    }
  }
  return stale;
}

async function addBuilt(
  kernel: Kernel,
  built: Built,
  { draft, context }: { draft: Draft; context: StepContext },
): Promise<void> {
  const { view, blobs } = context;
  if (built.kind === "failed") {
    draft.problem({
      code: "initramfs-not-built",
      severity: "warns", // what it comes to is judged by `prove`
      text: `The guest's own tool could not rebuild the initramfs of ${kernel.version}: ${built.why}`,
      advice: "Run update-initramfs -u -k all on the machine and mend what it says, then try again",
    });
    return;
  }
  const path = kernel.initramfs ?? "";
  const real = (await view.resolve(path)) ?? path;
  const before = await view.state(real);
  if (before.kind === "bytes")
    await blobs.put((await view.read(real, { maxBytes: MAX_INITRAMFS_BYTES })) ?? Buffer.alloc(0));
  else if (before.kind !== "absent") return;
  const { mode, uid, gid, xattrs } =
    before.kind === "bytes" ? before : { mode: 0o644, uid: 0, gid: 0, xattrs: {} };
  const after: FileState = { kind: "bytes", mode, uid, gid, xattrs, ...(await blobs.putFile(built.path)) };
  draft.add({ why: `${WHY} (${kernel.version})`, path: real, before, after });
}
