// SPDX-License-Identifier: Apache-2.0
// The third link: the kernel that the default entry loads, and whether it starts on this hypervisor at all.
import { type ChainLink, guestFiles, type Kernel, named } from "../../core/index.ts";
import { unifiedCmdline } from "../../convert/index.ts";
import type { DefaultEntry } from "../entry.ts";
import { assumed, broken, type Ground, proven } from "../ground.ts";
import { readNamedKernel } from "./named-kernel.ts";

const place = "kernel";
const MAX_UNIFIED_BYTES = 256 * 2 ** 20;
const MAX_KERNEL_BYTES = 64 * 2 ** 20;

export type KernelFound = {
  readonly link: ChainLink;
  /** null: not one that inspection knows. */
  readonly kernel: Kernel | null;
  /** Its command line; null: not known. */
  readonly words: string | null;
};

export async function readKernelLink(entry: DefaultEntry | null, ground: Ground): Promise<KernelFound> {
  if (entry === null) return withoutEntry(ground);
  const { guest, view } = ground;
  if (entry.kernel === null)
    return {
      link: broken(place, {
        text: `the kernel ${entry.kernelWords}`,
        why: `the menu's default entry "${entry.title}" loads ${entry.kernelWords}, and there is no such file`,
        advice: "Correct the menu on the machine, or install that kernel again there, and plan again",
        about: guestFiles(entry.kernelWords),
      }),
      kernel: null,
      words: entry.words,
    };
  if (await isEmpty(entry.kernel, ground))
    return {
      link: broken(place, {
        text: entry.kernel,
        why: `${entry.kernel}, which the default entry loads, has no bytes`,
        advice: "Install that kernel again on the machine, and plan again",
        about: guestFiles(entry.kernel),
      }),
      kernel: null,
      words: entry.words,
    };
  const words = entry.unified ? await wordsInside(entry.kernel, ground) : entry.words;
  let kernel: Kernel | null = null;
  for (const candidate of guest.kernels)
    if ((await view.resolve(candidate.image)) === entry.kernel) kernel = candidate;
  kernel ??= await readNamedKernel(entry, ground);
  const about = [
    ...guestFiles(entry.kernel),
    ...named("kernel", ...(kernel === null ? [] : [kernel.version])),
  ];
  const text = kernel === null ? entry.kernel : `Linux ${kernel.version}`;
  if (ground.platform === "kvm" && entry.hypervisor === null && isForXenOnly(kernel?.version ?? entry.kernel))
    return {
      link: broken(place, {
        text,
        why: `${text} starts under Xen only, and this VM is for KVM`,
        advice:
          "Install a plain kernel on the machine, make it the default, and plan again; or choose a Xen host",
        about,
      }),
      kernel,
      words,
    };
  const found = { text, why: `${entry.kernel} is there`, about };
  return {
    link: kernel === null && !entry.unified ? assumed(place, found) : proven(place, found),
    kernel,
    words,
  };
}

/** RHEL 5 and SLES built kernels of their own for paravirtual guests. */
const isForXenOnly = (version: string): boolean => /(?:el[45](?:_\d+)?xen|-xen|xenU|xen0)$/.test(version);

/** A full file system leaves such a file behind. */
async function isEmpty(path: string, { view }: Ground): Promise<boolean> {
  const bytes = await view.read(path, { maxBytes: MAX_KERNEL_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  });
  return bytes?.length === 0;
}

async function wordsInside(path: string, { view }: Ground): Promise<string | null> {
  const bytes = await view.read(path, { maxBytes: MAX_UNIFIED_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError) return null;
    throw error;
  });
  return bytes === null
    ? null
    : unifiedCmdline(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Nothing tells which one: the newest that a menu may offer. */
function withoutEntry({ guest, platform }: Ground): KernelFound {
  const kernel = guest.kernels.find(({ bootable }) => bootable) ?? null;
  const text = kernel === null ? "a kernel" : `Linux ${kernel.version}`;
  if (kernel !== null && platform === "kvm" && guest.kernels.every(({ version }) => isForXenOnly(version)))
    return {
      link: broken(place, {
        text,
        why: "all kernels of this system start under Xen only, and this VM is for KVM",
        advice: "Install a plain kernel on the machine, and plan again; or choose a Xen host",
        about: named("kernel", kernel.version),
      }),
      kernel,
      words: null,
    };
  const why =
    kernel === null ? "no kernel was found" : "the newest that was found; no menu says which one starts";
  return { link: assumed(place, { text, why }), kernel, words: null };
}
