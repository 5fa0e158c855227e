// SPDX-License-Identifier: Apache-2.0
// The texts of the Debian package: control, changelog. Pure.
import type { RunPackages } from "../run-packages.ts";

const MAINTAINER = "The virt-p2v maintainers <virt-p2v@packages.invalid>";

/**
 * Debian has a package of this name: the older program in C, at 1.42. With the epoch ours counts as newer, so that no
 * upgrade puts the other in its place. The file's name has no epoch, by custom.
 */
const debianVersion = (version: string): string => `1:${version}`;

/** What Node asks for, by `objdump -T`: GLIBC_2.28, GLIBCXX_3.4.21 (of GCC 5). */
const OF_NODE: readonly string[] = ["libc6 (>= 2.28)", "libstdc++6 (>= 5)", "libgcc-s1 (>= 3.4)"];

/** What is known to do: Debian 12 has these. ssh knows ForkAfterAuthentication and SessionType since 8.7. */
const AT_LEAST: Readonly<Record<string, string>> = {
  "openssh-client": "1:8.7",
  "qemu-system-common": "1:7.2",
  "qemu-utils": "1:7.2",
  "util-linux": "2.38",
};

/** In no list of scripts/setup.sh, since nothing that it sets up needs them. */
const SUGGESTED: readonly string[] = ["btrfs-progs", "libvirt-clients", "ovmf", "xorriso"];

export function renderControl(options: {
  version: string;
  packages: RunPackages;
  installedKib: number;
}): string {
  const { version, packages, installedKib } = options;
  const list = (names: readonly string[]): string =>
    names
      .toSorted()
      .map((name) => (AT_LEAST[name] === undefined ? name : `${name} (>= ${AT_LEAST[name]})`))
      .join(", ");
  return `Package: virt-p2v
Version: ${debianVersion(version)}
Section: admin
Priority: optional
Architecture: amd64
Maintainer: ${MAINTAINER}
Installed-Size: ${installedKib}
Depends: ${list([...OF_NODE, ...packages.needed])}
Recommends: ${list(packages.useful)}
Suggests: ${list(SUGGESTED)}
Description: turn a physical Linux server into a virtual machine
 The disks of a physical machine, or images of them, become a virtual machine
 that boots on a KVM or Xen host, with its network. The disks are never
 written; every byte that arrives is proven to be the byte that was sent; and
 the virtual machine is started once, on a throw-away overlay, before it is
 called done.
 .
 The package brings its own Node.js below /usr/lib/virt-p2v, which no other
 program sees.
`;
}

/** debian-changelog(5), of one entry: the whole story is in CHANGELOG.md, which lies beside it. */
export function renderDebianChangelog({ version, epoch }: { version: string; epoch: number }): string {
  const day = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
  return `virt-p2v (${debianVersion(version)}) unstable; urgency=medium

  * Release ${version}; see CHANGELOG.md.gz in this directory.

 -- ${MAINTAINER}  ${day}
`;
}
