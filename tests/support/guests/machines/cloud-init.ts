// SPDX-License-Identifier: Apache-2.0
// `fir`: set up by cloud-init from a CD (NoCloud) that is long gone: its static network, and its host keys of SSH. cloud-init
// starts at each boot, and knows what it did then.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { plant } from "../../../../lab/demo/files.ts";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { witness } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "4007f144-acac-4a53-9a1c-0d6e6f1b2c01";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [{ holds: "ext4", uuid: ROOT_UUID, at: "/" }],
} as const;

/** In the place of the CD, while the machine is built. */
const SEED = "/var/lib/cloud/seed/nocloud";
const SEED_FILES: Readonly<Record<string, string>> = {
  [`${SEED}/meta-data`]: "instance-id: iid-fir-2019\nlocal-hostname: fir\n",
  [`${SEED}/user-data`]: "#cloud-config\n{}\n",
  [`${SEED}/network-config`]: `version: 1
config:
  - type: physical
    name: eth0
    mac_address: "52:54:00:0f:14:01"
    subnets:
      - {type: static, address: 192.0.2.49/24, gateway: 192.0.2.1}
`,
};

/** cloud-init finds its source, and writes down what that said. All that comes then it has done long ago: this is the builder's kernel. */
const REMEMBER = `from cloudinit import sources, stages
init = stages.Init(ds_deps=[sources.DEP_FILESYSTEM])
init.read_cfg()
init.initialize()
init.fetch(existing="check")
init.instancify()
init.update()
modules = [name for key in init.cfg if key.endswith("_modules") for name in init.cfg[key]]
for done in ["consume-data", *("config-" + str(name) for name in modules)]:
    with open("/var/lib/cloud/instance/sem/" + done.replace("-", "_"), "w") as sem:
        sem.write("510: 1551687300.0\\n")
`;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
  "/etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [ NoCloud, None ]\n",
  "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n",
  "/etc/network/interfaces.d/50-cloud-init": `# This file is generated from information provided by the datasource.  Changes
# to it will not persist across an instance reboot.
auto lo
iface lo inet loopback
    dns-nameservers 192.0.2.1

auto eth0
iface eth0 inet static
    address 192.0.2.49/24
    gateway 192.0.2.1
`,
  "/etc/udev/rules.d/70-persistent-net.rules":
    'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="52:54:00:0f:14:01", NAME="eth0"\n',
  "/etc/ssh/ssh_host_ed25519_key.pub": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOLD root@fir\n",
  ...witness([
    "hostname",
    "grep address /etc/network/interfaces.d/50-cloud-init",
    "cat /var/lib/cloud/data/instance-id",
    "cut -d@ -f2 /etc/ssh/ssh_host_ed25519_key.pub",
  ]),
};

/** Makes `disk-1.img` in `directory`. */
export async function buildCloudInitMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const { mounts } = disk;
  await using system = await installSystem({ systemTar, mounts, hostname: "fir", files: FILES, signal });
  const { root, kernels, inside } = system;
  await plant(root, SEED_FILES);
  await inside(["python3", "-"], REMEMBER);
  for (const path of [SEED, "/run/cloud-init"]) await rm(join(root, path), { recursive: true });
  await inside(["systemctl", "enable", "witness.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  await writeGrubMenu(root, { bootUuid: ROOT_UUID, below: "/boot", root: "/dev/sda1", kernels });
}
