// SPDX-License-Identifier: Apache-2.0
// Opens the initramfs of every bootable kernel, as it will be, and proves that the drivers of a VM are inside.
import { type Kernel, makeProblem, named, type Problem } from "../../../core/index.ts";
import { step, type StepContext } from "../step.ts";
import { isDeclared } from "../../declared/declared.ts";
import { isForXenOnly, plainKernel } from "../../drivers/plain-kernel.ts";
import { findUnified } from "../../efi/uki.ts";
import { findLost, findMissing, findNoOpener, neededModules } from "../../initramfs/check.ts";
import { type Initramfs, MAX_INITRAMFS_BYTES, readInitramfs } from "../../initramfs/read.ts";
import { readEmulated } from "../../initramfs/emulated.ts";
import { lackingDiskDrivers, readNeeded } from "../../initramfs/wanted.ts";

export const prove = step(
  {
    name: "prove",
    explains: "Opens every bootable kernel's initramfs and proves that the drivers of a VM are inside",
  },
  async (context) => {
    const { draft } = context;
    const { able, problems } = await findIncapable(context);
    for (const kernel of able)
      for (const problem of await proveKernel(kernel, context)) draft.problem(problem);
    for (const problem of problems) draft.problem(problem);
  },
);

type Capable = { readonly able: readonly Kernel[]; readonly problems: readonly Problem[] };

/** Bootable kernels with drivers for the VM's disk, whether or not their initramfs has them; and the others' problems. */
export async function findIncapable(context: StepContext): Promise<Capable> {
  const kernels = context.guest.kernels.filter((kernel) => kernel.bootable);
  // In a system with unified kernel images the step unified-kernels reports on them.
  if (kernels.length === 0)
    return { able: [], problems: (await findUnified(context)).length > 0 ? [] : [noKernel(context.guest)] };
  const able: Kernel[] = [];
  const incapable: Problem[] = [];
  const isAlone = kernels.every((kernel) => isForXenOnly(kernel, context.intent));
  for (const kernel of kernels) {
    context.signal.throwIfAborted();
    if (isForXenOnly(kernel, context.intent)) {
      incapable.push(xenOnly(kernel, { ...context, isAlone }));
      continue;
    }
    const lacking = await lackingDrivers(kernel, context);
    if (lacking.length > 0) incapable.push(noDriver(kernel, lacking, kernels.length));
    else able.push(kernel);
  }
  if (able.length > 0)
    return { able, problems: incapable.map((problem) => ({ ...problem, severity: "warns" })) }; // another can be chosen
  const without = await findEmulatedOnly(kernels, context);
  return without.able.length > 0 ? without : { able, problems: incapable };
}

/** Where no kernel has virtio, the VM gets the devices that QEMU emulates (see devicesFor). */
async function findEmulatedOnly(kernels: readonly Kernel[], context: StepContext): Promise<Capable> {
  const { intent } = context;
  const able: Kernel[] = [];
  const problems: Problem[] = [];
  for (const kernel of kernels) {
    if (isForXenOnly(kernel, intent)) {
      problems.push({ ...xenOnly(kernel, { ...context, isAlone: false }), severity: "warns" });
      continue;
    }
    const { disk, bus, nic } = await readEmulated(kernel, context);
    if (disk === null) {
      const lacking = await lackingDrivers(kernel, context);
      problems.push({ ...noDriver(kernel, lacking, kernels.length), severity: "warns" });
      continue;
    }
    able.push(kernel);
    problems.push(
      makeProblem("devices-emulated", {
        about: named("kernel", kernel.version),
        text: `The kernel ${kernel.version} has no ${intent.hypervisor === "xen" ? "driver for Xen's disks" : "virtio"}: the VM gets ${bus} disks and e1000 network cards, which are slower`,
        advice: nic
          ? "Newer kernels have virtio; install one in the VM, and change its devices then"
          : "It has no driver for an e1000 either: choose another model of network card on the host",
      }),
    );
  }
  return { able, problems };
}

function noKernel({ id, title }: Pick<StepContext["guest"], "id" | "title">): Problem {
  return makeProblem("no-kernel", {
    about: [],
    text: isDeclared(id)
      ? `The kernels of ${title} are not looked into, so nothing is known of their drivers`
      : "No kernel that the boot loader could start was found in the guest",
    advice: isDeclared(id)
      ? "Once its configuration is ready for the VM, copy it with --as-is"
      : "Give the disk that holds /boot too, or copy with --as-is",
  });
}

async function lackingDrivers(kernel: Kernel, context: StepContext): Promise<readonly string[]> {
  const modules = (await readNeeded(kernel, context))?.modules ?? null;
  return lackingDiskDrivers(kernel, { modules, intent: context.intent });
}

async function proveKernel(kernel: Kernel, context: StepContext): Promise<readonly Problem[]> {
  const { view, signal } = context;
  const wanted = await readNeeded(kernel, context);
  if (wanted === null) return []; // all built in
  if (kernel.initramfs === null) {
    const needed = neededModules(wanted);
    return needed.length === 0
      ? []
      : [notProven(kernel, `It boots without one, and has ${needed.join(", ")} as modules`)];
  }
  const bytes = await view.read(kernel.initramfs, { maxBytes: MAX_INITRAMFS_BYTES }).catch(tooLarge);
  if (bytes === null) return [notProven(kernel, `${kernel.initramfs} cannot be read`)];
  const image = await open(bytes, signal);
  if (typeof image === "string") return [notProven(kernel, `${kernel.initramfs} cannot be opened: ${image}`)];
  const missing = [...findMissing(image.entries, wanted), ...findNoOpener(image.entries, wanted)];
  if (missing.length > 0) return [notProven(kernel, `${kernel.initramfs} lacks ${missing.join(", ")}`)];
  const lost = await lostFiles(kernel, image, context);
  return lost.length === 0
    ? []
    : [notProven(kernel, `${kernel.initramfs} as rebuilt lacks ${lost.join(", ")}, which it had before`)];
}

async function lostFiles(
  kernel: Kernel,
  image: Initramfs,
  { changes, blobs, signal }: StepContext,
): Promise<readonly string[]> {
  const change = changes.find(
    (candidate) => candidate.step === "initramfs" && candidate.path === kernel.initramfs,
  );
  if (change?.before.kind !== "bytes") return [];
  const old = await open(await blobs.get(change.before.sha256), signal);
  return typeof old === "string" ? [] : findLost(old.entries, image.entries);
}

/** What is inside, or why it cannot be opened. */
async function open(bytes: Uint8Array, signal: AbortSignal): Promise<Initramfs | string> {
  try {
    return await readInitramfs(bytes, { signal });
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

function tooLarge(error: unknown): null {
  if (error instanceof RangeError) return null;
  throw error;
}

function notProven(kernel: Kernel, what: string): Problem {
  return makeProblem("initramfs-not-proven", {
    about: named("kernel", kernel.version),
    text: `The kernel ${kernel.version} would not boot in the VM: ${what}`,
    advice:
      "Remove that kernel on the machine if it is not used, fix its initramfs there, or copy with --as-is",
  });
}

function xenOnly(
  { version }: Kernel,
  { guest, isAlone }: Pick<StepContext, "guest"> & { readonly isAlone: boolean },
): Problem {
  return makeProblem("kernel-xen-only", {
    about: named("kernel", version),
    text: `The kernel ${version} starts under Xen only, and this VM is none of Xen`,
    advice: isAlone
      ? `A plain kernel is needed: install the package ${plainKernel(guest)} on the machine, as the default of its boot menu, or put it into extras; or choose a Xen host, with --hypervisor xen`
      : "Make the other kernel the default of the boot menu, on the machine before or at the VM's console",
  });
}

function noDriver(kernel: Kernel, lacking: readonly string[], kernels: number): Problem {
  return makeProblem("kernel-without-drivers", {
    about: [...named("kernel", kernel.version), ...named("driver", ...lacking)],
    text: `The kernel ${kernel.version} has no driver ${lacking.join(", ")}: it cannot see the VM's disk`,
    advice:
      kernels === 1
        ? "Install a kernel with virtio on the machine, or copy with --as-is and give the VM SATA disks"
        : "Do not choose it in the VM's boot menu",
  });
}
