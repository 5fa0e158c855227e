// SPDX-License-Identifier: Apache-2.0
// What the commands of an entry load: kernel, words, initramfs, a hypervisor, another loader. Pure.

/** A file system as GRUB knows it; null: GRUB would not find it. */
export type Device = { readonly node: string; readonly title: string } | null;

/** What an entry loads. */
export type Loads = {
  readonly kernel: string | null;
  readonly words: string;
  readonly initramfs: readonly string[];
  readonly device: Device;
  /** `xen.gz`: the kernel is started by it. */
  readonly hypervisor: string | null;
  /** Another loader, such as Windows'. */
  readonly chainloader: string | null;
  /** What went wrong before it: `no such device: UUID`. */
  readonly errors: readonly string[];
};

export const NOTHING: Loads = {
  kernel: null,
  words: "",
  initramfs: [],
  device: null,
  hypervisor: null,
  chainloader: null,
  errors: [],
};

export const withError = (loads: Loads, error: string): Loads =>
  loads.errors.length >= 20 ? loads : { ...loads, errors: [...loads.errors, error] };

/** GRUB puts words with blanks into quotes (grub-core/lib/cmdline.c). */
const joined = (words: readonly string[]): string =>
  words.map((word) => (/[ \t]/.test(word) ? `"${word}"` : word)).join(" ");

type Place = (path: string) => { readonly device: Device; readonly path: string };

export function load(
  loads: Loads,
  { name, rest }: { name: string; rest: readonly string[] },
  place: Place,
): Loads {
  const [path = "", ...words] = rest.filter((word) => word !== "--nounzip");
  switch (name) {
    case "linux":
    case "linux16":
    case "linuxefi":
    case "multiboot":
    case "multiboot2":
    case "xen_hypervisor": {
      const found = place(path);
      return /^(?:multiboot2?|xen_hypervisor)$/.test(name)
        ? { ...loads, hypervisor: found.path, device: found.device }
        : { ...loads, kernel: found.path, device: found.device, words: joined(words) };
    }
    case "initrd":
    case "initrd16":
    case "initrdefi":
      return {
        ...loads,
        initramfs: [path, ...words].filter((one) => one !== "").map((one) => place(one).path),
      };
    case "module":
    case "module2":
    case "xen_module":
      return loads.kernel === null
        ? {
            ...loads,
            kernel: place(path).path,
            words: joined(words.filter((word) => word !== "placeholder")),
          }
        : { ...loads, initramfs: [...loads.initramfs, place(path).path] };
    case "chainloader":
      return { ...loads, chainloader: place(path).path };
    default:
      return loads;
  }
}
