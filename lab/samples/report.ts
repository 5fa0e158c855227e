// SPDX-License-Identifier: Apache-2.0
// A Report with everything in it, for tests of its renderings.
import { SAMPLE_CHAIN } from "./chain.ts";
import type { Report } from "../../src/core/index.ts";
import { SAMPLE_VM } from "./vm.ts";

const attributes = { mode: 0o644, uid: 0, gid: 0, xattrs: {} };

export function sampleReport(overrides: Partial<Report> = {}): Report {
  const unknown = { kind: "unknown", why: "a disk image brings no machine" } as const;
  return {
    format: "report/1",
    version: "0.1.0",
    name: "aurora",
    begun: "2026-01-01T22:00:00.000Z",
    ended: "2026-01-01T22:03:20.000Z",
    outcome: { kind: "booted", seconds: 61 },
    waitingUnits: [],
    machine: {
      format: "machine/1",
      name: "aurora",
      arch: "x86_64",
      memoryBytes: unknown,
      clock: unknown,
      firmware: unknown,
      cpu: unknown,
      dmi: unknown,
      nics: [],
      controllers: [{ kind: "storage", address: "0000:00:17.0", id: "8086:a352", driver: "ahci" }],
      storage: { nodes: [], edges: [] },
    },
    guest: {
      family: "debian",
      id: "debian",
      version: "12",
      title: "Debian GNU/Linux 12 (bookworm)",
      hostname: "aurora",
      arch: "x86_64",
      root: "disk:1/part:1/fs",
      mounts: [
        {
          path: "/",
          spec: "/dev/sda1",
          type: "ext4",
          options: "errors=remount-ro",
          node: "disk:1/part:1/fs",
        },
      ],
      names: { known: [{ key: "order:sd:0", disk: "disk:1", because: "proven" }], unclear: [] },
      loader: "grub2",
      initramfsTool: "initramfs-tools",
      init: "systemd",
      kernels: [
        {
          version: "6.1.0-18-amd64",
          image: "/boot/vmlinuz-6.1.0-18-amd64",
          initramfs: "/boot/initrd.img-6.1.0-18-amd64",
          bootable: true,
          has: { virtio_blk: "module", virtio_net: "module", "xen-blkfront": "module" },
        },
      ],
      network: [{ name: "enp3s0", mac: null, from: "/etc/network/interfaces", configured: { kind: "dhcp" } }],
      usedBytes: 1_860_000_000,
    },
    intent: {
      name: "aurora",
      disks: [{ number: 1, path: "/srv/aurora.img", kind: "file", sizeBytes: 6 * 2 ** 30, sectorBytes: 512 }],
      storage: { nodes: [], edges: [] },
      destination: { kind: "dir", path: "/srv/vms" },
      hypervisor: "auto",
      format: "raw",
      volumes: [],
      memoryBytes: 2 ** 31,
      vcpus: 2,
      nics: [{ name: "enp3s0", mac: "52:54:00:aa:bb:cc", origin: "generated" }],
      firmware: { kind: "bios" },
      clock: "utc",
      proof: "full",
      bootCheck: true,
      replace: false,
      update: false,
      asIs: false,
      skipSteps: [],
    },
    vm: { ...SAMPLE_VM, nics: [{ name: "enp3s0", mac: "52:54:00:aa:bb:cc", model: "virtio" }] },
    seconds: { inspect: 2, convert: 31, copy: 12, verify: 9, define: 0.2, boot: 71 },
    disks: [
      {
        number: 1,
        path: "/srv/aurora.img",
        file: "aurora-1.img",
        sizeBytes: 6 * 2 ** 30,
        usedBytes: 1_870_000_000,
        sentBytes: 823_000_000,
        occupiedBytes: 1_864_000_000,
        sha256: "ab".repeat(32),
        readBack: "direct",
      },
    ],
    changes: [
      {
        step: "fstab",
        why: "Device names differ in the VM; UUIDs do not",
        path: "/etc/fstab",
        before: { kind: "bytes", sha256: "00".repeat(32), sizeBytes: 120, ...attributes },
        after: { kind: "bytes", sha256: "11".repeat(32), sizeBytes: 150, ...attributes },
        diff: "--- /etc/fstab\n+++ /etc/fstab\n@@ -1 +1 @@\n-/dev/sda1 / ext4 defaults 0 1\n+UUID=1234 / ext4 defaults 0 1\n",
      },
    ],
    proof: {
      level: "full",
      held: true,
      from: "2026-01-01T22:00:01.000Z",
      to: "2026-01-01T22:02:20.000Z",
      disks: [
        {
          path: "/srv/aurora.img",
          detail: "SHA-256 of the whole disk before and after is the same",
          held: true,
        },
      ],
    },
    chain: SAMPLE_CHAIN,
    problems: [],
    destination: "/srv/vms/aurora",
    ...overrides,
  };
}
