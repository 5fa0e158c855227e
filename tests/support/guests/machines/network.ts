// SPDX-License-Identifier: Apache-2.0
// `ivy`: four network cards, two of NetworkManager (keyfiles) and two of netplan, told apart by their MAC addresses. Files
// are named so that the VM gets its cards in another order than the machine has them on its bus.
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "40071b1e-9999-4a53-9a1c-0d6e6f1b2c01";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [{ holds: "ext4", uuid: ROOT_UUID, at: "/" }],
} as const;

const profile = (options: { id: string; uuid: string; name: string; mac: string; ipv4: string }): string =>
  `[connection]
id=${options.id}
uuid=${options.uuid}
type=ethernet
${options.name}
[ethernet]
mac-address=${options.mac}

[ipv4]
${options.ipv4}

[ipv6]
method=disabled
`;

const CONNECTIONS = "/etc/NetworkManager/system-connections";

/** NetworkManager reads a profile only where nobody else can; netplan warns. */
const SECRET: Readonly<Record<string, string>> = {
  [`${CONNECTIONS}/Backup.nmconnection`]: profile({
    id: "Backup",
    uuid: "0d2fcb5c-31a5-4f3f-a5b5-2f5a4b7a9d02",
    name: "interface-name=enp4s0\n",
    mac: "52:54:00:1B:7E:04",
    ipv4: "method=manual\naddress1=198.51.100.31/24",
  }),
  [`${CONNECTIONS}/LAN.nmconnection`]: profile({
    id: "LAN",
    uuid: "0d2fcb5c-31a5-4f3f-a5b5-2f5a4b7a9d01",
    name: "interface-name=enp3s0\n",
    mac: "52:54:00:1B:7E:03",
    ipv4: "method=manual\naddress1=192.0.2.31/24,192.0.2.1",
  }),
  "/etc/netplan/10-storage.yaml": `network:
  version: 2
  renderer: networkd
  ethernets:
    store-b:
      match: {macaddress: "52:54:00:1b:7e:02"}
      set-name: eno2
      addresses: [203.0.113.31/25]
    store-a:
      match: {macaddress: "52:54:00:1b:7e:01"}
      set-name: eno1
      addresses: [203.0.113.131/25]
`,
};

const FILES: Readonly<Record<string, string>> = {
  ...SECRET,
  "/etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
  "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n",
  "/etc/NetworkManager/conf.d/10-ivy.conf": "[main]\nno-auto-default=*\n",
};

/** Makes `disk-1.img` in `directory`. */
export async function buildNetworkMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const { mounts } = disk;
  await using system = await installSystem({ systemTar, mounts, hostname: "ivy", files: FILES, signal });
  for (const path of Object.keys(SECRET)) await chmod(join(system.root, path), 0o600);
  await system.inside(["systemctl", "enable", "systemd-networkd"]);
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const { root, kernels } = system;
  await writeGrubMenu(root, { bootUuid: ROOT_UUID, below: "/boot", root: "/dev/sda1", kernels });
}
