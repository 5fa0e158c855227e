// SPDX-License-Identifier: Apache-2.0
// Families of distributions: by os-release's ID and ID_LIKE, and how each names the initramfs of a kernel.

export type Family = {
  readonly name: string;
  readonly ids: readonly string[];
  /** Names in the directory of the kernel; VERSION stands for the kernel's version. */
  readonly initramfs: readonly string[];
};

/** An open list; `generic` is last and takes what is left. */
const FAMILIES = [
  {
    name: "debian",
    ids: [
      "debian",
      "ubuntu",
      "linuxmint",
      "raspbian",
      "devuan",
      "kali",
      "pop",
      "proxmox",
      "neon",
      "elementary",
    ],
    initramfs: ["initrd.img-VERSION"],
  },
  {
    name: "redhat",
    ids: [
      "rhel",
      "centos",
      "fedora",
      "rocky",
      "almalinux",
      "ol",
      "amzn",
      "scientific",
      "redhat",
      "xenenterprise",
      "xcp-ng",
      "cloudlinux",
    ],
    initramfs: ["initramfs-VERSION.img", "initrd-VERSION.img"],
  },
  {
    name: "suse",
    ids: ["suse", "sles", "sled", "sles_sap", "opensuse", "opensuse-leap", "opensuse-tumbleweed"],
    initramfs: ["initrd-VERSION"],
  },
  { name: "arch", ids: ["arch", "archarm", "manjaro", "endeavouros"], initramfs: ["initramfs-VERSION.img"] },
  { name: "alpine", ids: ["alpine", "postmarketos"], initramfs: ["initramfs-VERSION"] },
  { name: "generic", ids: [], initramfs: [] },
] as const satisfies readonly Family[];

export function familyOf(id: string, like: readonly string[]): Family {
  const all: readonly Family[] = FAMILIES;
  const byId = all.find(({ ids }) => ids.includes(id));
  const byLikeness = all.find(({ ids }) => like.some((one) => ids.includes(one)));
  return byId ?? byLikeness ?? { name: "generic", ids: [], initramfs: [] };
}

/** Every name an initramfs may have, the family's own first. */
export function initramfsNames(family: string, version: string): readonly string[] {
  const all: readonly Family[] = FAMILIES;
  const own = all.filter(({ name }) => name === family);
  const patterns = [...own, ...all].flatMap((one) => one.initramfs);
  return [...new Set(patterns)].map((pattern) => pattern.replace("VERSION", () => version));
}
