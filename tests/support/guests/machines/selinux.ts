// SPDX-License-Identifier: Apache-2.0
// `juniper`: SELinux enforces. A unit of its own fails where it does not, or where a file lost the label that the policy gives.
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "40075e11-aaaa-4a53-9a1c-0d6e6f1b2c01";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [{ holds: "ext4", uuid: ROOT_UUID, at: "/" }],
} as const;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
  "/etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=default\nSETLOCALDEFS=0\n",
  "/etc/systemd/system/labels.service": `[Unit]
Description=SELinux enforces, and every configuration file has its label
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'test "$(getenforce)" = Enforcing'
ExecStart=/bin/sh -c 'wrong=$(restorecon -nvR /etc /boot); echo "labels: $$\{wrong:-right}" >/dev/ttyS0; test -z "$wrong"'
[Install]
WantedBy=multi-user.target
`,
};

/** Makes `disk-1.img` in `directory`. */
export async function buildSelinuxMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const { mounts } = disk;
  await using system = await installSystem({ systemTar, mounts, hostname: "juniper", files: FILES, signal });
  const { root, kernels, inside } = system;
  await inside(["systemctl", "enable", "labels.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  const words = "quiet security=selinux selinux=1";
  await writeGrubMenu(root, { bootUuid: ROOT_UUID, below: "/boot", root: "/dev/sda1", kernels, words });
  const contexts = "/etc/selinux/default/contexts/files/file_contexts";
  await inside(["setfiles", "-F", "-e", "/proc", "-e", "/sys", "-e", "/dev", contexts, "/"]);
}
