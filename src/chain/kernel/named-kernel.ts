// SPDX-License-Identifier: Apache-2.0
// A kernel that lies where inspection does not look, such as NixOS's in /boot/kernels or in its store: which one it is stands in
// the file itself, as in a unified image, and its modules are listed beside the system that it starts.
import { type DriverPlace, type Kernel, kernelRelease, VM_DRIVERS } from "../../core/index.ts";
import { readModules, unifiedRelease } from "../../convert/index.ts";
import type { DefaultEntry } from "../entry.ts";
import type { Ground } from "../ground.ts";
import { lastWord } from "../words.ts";

const MAX_KERNEL_BYTES = 256 * 2 ** 20;

/** null: which version it is, or which modules it has, cannot be told. */
export async function readNamedKernel(entry: DefaultEntry, { view }: Ground): Promise<Kernel | null> {
  if (entry.kernel === null) return null;
  const bytes = await view.read(entry.kernel, { maxBytes: MAX_KERNEL_BYTES }).catch(tooLarge);
  const version =
    bytes === null ? null : entry.unified ? unifiedRelease(Buffer.from(bytes)) : kernelRelease(bytes);
  if (version === null) return null;
  for (const modules of moduleDirectories(version, entry.words)) {
    const found = await readModules(view, version, modules).catch(tooLarge);
    if (found === null) continue;
    const has = VM_DRIVERS.map((name): readonly [string, DriverPlace] => [name, found.place(name)]);
    return {
      version,
      image: entry.kernel,
      initramfs: entry.initramfs[0]?.path ?? null,
      bootable: true,
      has: Object.fromEntries(has),
      modules,
    };
  }
  return null;
}

/** Of the release itself; NixOS has a link beside its `init=`. */
function moduleDirectories(version: string, words: string): readonly string[] {
  const init = lastWord(words, "init") ?? "";
  const system = /^(\/(?:nix|gnu)\/store\/[^/]+)\/[^/]+$/.exec(init)?.[1];
  const own = [`/lib/modules/${version}`];
  return system === undefined ? own : [`${system}/kernel-modules/lib/modules/${version}`, ...own];
}

function tooLarge(error: unknown): null {
  if (error instanceof RangeError || error instanceof TypeError) return null;
  throw error;
}
