// SPDX-License-Identifier: Apache-2.0
// A plan of the sample machine, for pictures and for tests of how it is shown.
import { makeProblem, named, type Preview, type Problem } from "../../src/core/index.ts";
import { SAMPLE_CHAIN } from "./chain.ts";
import { sampleReport } from "./report.ts";

export function samplePreview(overrides: Partial<Preview> = {}): Preview {
  return {
    ...sampleReport(),
    format: "plan/1",
    chain: SAMPLE_CHAIN,
    place: {
      hypervisor: "libvirt",
      kvm: true,
      networks: [{ kind: "bridge", name: "br0" }],
      linkUp: true,
      autostart: false,
    },
    time: {
      seconds: 1940,
      limitedBy: "link",
      readBytesPerSecond: 480e6,
      linkBytesPerSecond: 112e6,
      packedShare: 0.41,
      window: null,
    },
    ...overrides,
  };
}

/** Of each severity, the least grave first: whoever shows them puts them in order. */
export const SAMPLE_PROBLEMS: readonly Problem[] = [
  makeProblem("grub-install-device", {
    about: named("package", "grub-pc"),
    text: "The package grub-pc remembers /dev/disk/by-id/ata-MAXTOR_6L006L0_A93EQ5ME as the disk to install GRUB on",
    advice: "In the VM run once: dpkg-reconfigure grub-pc, and choose its first disk",
  }),
  makeProblem("step-offered", {
    about: named("step", "xorg"),
    text: "xorg.conf names a driver of the old machine; /etc/X11/xorg.conf would change, and stays as it is",
    advice: "--with xorg makes these changes",
  }),
  makeProblem("host-memory", {
    about: [],
    text: "The host has 3.1 GiB of memory free, and the VM takes 4.0 GiB",
    advice: "Stop other VMs there before it is started, or give it less with --memory",
    severity: "warns",
  }),
];
