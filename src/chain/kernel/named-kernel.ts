// SPDX-License-Identifier: Apache-2.0
// A kernel that lies where inspection does not look, such as NixOS's in /boot/kernels or in its store: which one it is stands in
// the file itself, and its modules are listed beside the system that it starts.
import { type DriverPlace, type Kernel, VM_DRIVERS } from "../../core/index.ts";
import { readModules } from "../../convert/index.ts";
import type { DefaultEntry } from "../entry.ts";
import type { Ground } from "../ground.ts";
import { lastWord } from "../words.ts";

const MAX_KERNEL_BYTES = 256 * 2 ** 20;

/** null: which version it is, or which modules it has, cannot be told. */
export async function readNamedKernel(entry: DefaultEntry, { view }: Ground): Promise<Kernel | null> {
  if (entry.kernel === null || entry.unified) return null;
  const bytes = await view.read(entry.kernel, { maxBytes: MAX_KERNEL_BYTES }).catch(tooLarge);
  const version = bytes === null ? null : kernelVersion(Buffer.from(bytes));
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

const MAGIC_AT = 0x202;
const VERSION_AT = 0x20e;

/** The header of an x86 kernel (kernel: Documentation/arch/x86/boot.rst, "kernel_version"); null: it has none. */
function kernelVersion(bytes: Buffer): string | null {
  if (bytes.length < VERSION_AT + 2 || bytes.toString("latin1", MAGIC_AT, MAGIC_AT + 4) !== "HdrS")
    return null;
  const at = bytes.readUInt16LE(VERSION_AT);
  if (at === 0) return null;
  const text = bytes.toString("latin1", at + 0x200, at + 0x200 + 128);
  return /^[A-Za-z0-9][A-Za-z0-9._+~-]*(?=[ \0])/.exec(text)?.[0] ?? null;
}

function tooLarge(error: unknown): null {
  if (error instanceof RangeError || error instanceof TypeError) return null;
  throw error;
}
