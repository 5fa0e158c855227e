// SPDX-License-Identifier: Apache-2.0
// The machines of the matrix by name: each is a directory with its disks, built once and kept by its recipe.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../../../../lab/cache.ts";
import { buildBtrfsMachine } from "./btrfs.ts";
import { buildByNamesMachine } from "./by-names.ts";
import type { Call } from "../../../../lab/machine/build.ts";
import { buildCloudInitMachine } from "./cloud-init.ts";
import { buildExtlinuxMachine } from "./extlinux.ts";
import { buildKernelsMachine } from "./kernels.ts";
import { buildLuksMachine } from "./luks.ts";
import { buildLvmMachine } from "./lvm.ts";
import { buildImsmMachine } from "./mirrors/imsm.ts";
import { buildMdMachine } from "./mirrors/md.ts";
import { buildMountUnitsMachine } from "./mount-units.ts";
import { buildMultipathMachine } from "./multipath.ts";
import { buildNetworkMachine } from "./network.ts";
import { buildPermanentMacMachine } from "./permanent-mac.ts";
import { buildSelinuxMachine } from "./selinux.ts";
import { readMachineSources } from "../../../../lab/machine/sources.ts";
import { type System, systemTar } from "../../../../lab/machine/system.ts";
import { buildUefiMachine } from "./uefi.ts";
import { buildUsrApartMachine } from "./usr-apart.ts";
import { buildWasSdbMachine } from "./was-sdb.ts";
import { buildXfsMachine } from "./xfs.ts";

type Recipe = {
  readonly system: System;
  readonly disks?: number;
  readonly source: string;
  readonly build: (directory: string, options: Call & { systemTar: string }) => Promise<void>;
};

const BOOKWORM: System = { suite: "bookworm" };
const TRIXIE: System = { suite: "trixie" };
const DRACUT: System = {
  suite: "bookworm",
  more: ["dracut", "linux-image-cloud-amd64"],
  without: ["initramfs-tools*", "linux-image-*"],
};

const SYSVINIT: System = {
  suite: "bookworm",
  more: ["sysvinit-core", "vlan"],
  without: ["systemd-sysv", "libpam-systemd"],
};

const withMore = (...more: readonly string[]): System => ({ ...BOOKWORM, more });

const CRYPT = withMore("cryptsetup-initramfs");

const MACHINES = {
  btrfs: { system: BOOKWORM, source: "btrfs.ts", build: buildBtrfsMachine },
  "by-names": {
    system: { ...TRIXIE, more: ["network-manager"] },
    disks: 2,
    source: "by-names.ts",
    build: buildByNamesMachine,
  },
  "cloud-init": { system: withMore("cloud-init"), source: "cloud-init.ts", build: buildCloudInitMachine },
  extlinux: {
    system: withMore("extlinux", "syslinux-common"),
    source: "extlinux.ts",
    build: buildExtlinuxMachine,
  },
  "imsm-mirror": { system: BOOKWORM, disks: 2, source: "mirrors/imsm.ts", build: buildImsmMachine },
  kernels: {
    system: { ...withMore("linux-image-cloud-amd64/trixie"), alsoFrom: "trixie" },
    source: "kernels.ts",
    build: buildKernelsMachine,
  },
  luks: { system: CRYPT, source: "luks.ts", build: buildLuksMachine },
  "luks-volume": {
    system: CRYPT,
    source: "luks.ts",
    build: (directory, options) => buildLuksMachine(directory, { onVolume: true, ...options }),
  },
  lvm: { system: BOOKWORM, disks: 2, source: "lvm.ts", build: buildLvmMachine },
  "lvm-dracut": {
    system: DRACUT,
    disks: 2,
    source: "lvm.ts",
    build: (directory, options) => buildLvmMachine(directory, { dracut: true, ...options }),
  },
  md: { system: BOOKWORM, disks: 2, source: "mirrors/md.ts", build: buildMdMachine },
  "mount-units": { system: BOOKWORM, disks: 2, source: "mount-units.ts", build: buildMountUnitsMachine },
  multipath: {
    system: withMore("multipath-tools-boot"),
    source: "multipath.ts",
    build: buildMultipathMachine,
  },
  network: {
    system: withMore("network-manager", "netplan.io"),
    source: "network.ts",
    build: buildNetworkMachine,
  },
  "permanent-mac": {
    system: { suite: "bullseye", more: ["ntfs-3g"] },
    source: "permanent-mac.ts",
    build: buildPermanentMacMachine,
  },
  selinux: {
    system: withMore("selinux-policy-default", "policycoreutils", "selinux-utils"),
    source: "selinux.ts",
    build: buildSelinuxMachine,
  },
  uefi: { system: TRIXIE, source: "uefi.ts", build: buildUefiMachine },
  "uefi-fallback": {
    system: TRIXIE,
    source: "uefi.ts",
    build: (directory, options) => buildUefiMachine(directory, { fallback: true, ...options }),
  },
  "usr-apart": { system: withMore("vlan"), disks: 3, source: "usr-apart.ts", build: buildUsrApartMachine },
  "usr-apart-sysvinit": {
    system: SYSVINIT,
    disks: 3,
    source: "usr-apart.ts",
    build: (directory, options) => buildUsrApartMachine(directory, { sysvinit: true, ...options }),
  },
  "was-sdb": { system: BOOKWORM, disks: 2, source: "was-sdb.ts", build: buildWasSdbMachine },
  xfs: { system: BOOKWORM, source: "xfs.ts", build: buildXfsMachine },
} as const satisfies Record<string, Recipe>;

export type MachineName = keyof typeof MACHINES;

const textOf = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/** Paths of its disks, in order: raw images, only to be read. */
export async function machineDisks(name: MachineName, { signal }: Call): Promise<readonly string[]> {
  const { system, disks = 1, source, build }: Recipe = MACHINES[name];
  const tar = await systemTar(system, { signal });
  const path = await cached({
    name: `machine-${name}`,
    recipe: [tar, ...(await readMachineSources()), await textOf(source)],
    signal,
    async build(aside, options) {
      await mkdir(aside);
      await build(aside, { systemTar: tar, ...options });
    },
  });
  return Array.from({ length: disks }, (_, index) => join(path, `disk-${index + 1}.img`));
}
