// SPDX-License-Identifier: Apache-2.0
// The disk of `kiosk`, a Debian 12 server with databases under load: built once, kept by its recipe. Needs root.
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../src/system/index.ts";
import { cached } from "../cache.ts";
import { type Call, MIB } from "../machine/build.ts";
import { makeDisk } from "../machine/disk.ts";
import { writeGrubMenu } from "../machine/grub.ts";
import { installSystem } from "../machine/install.ts";
import { readMachineSources } from "../machine/sources.ts";
import { systemTar } from "../machine/system.ts";

const ROOT_UUID = "40070a4e-ffff-4a53-9a1c-0d6e6f1b2c01";
const SWAP_UUID = "5a9b0a4e-ffff-4a53-9a1c-0d6e6f1b2c02";

const LAYOUT = {
  label: "dos",
  sizeBytes: 2432 * MIB,
  parts: [
    { sizeBytes: 2240 * MIB, holds: "ext4", uuid: ROOT_UUID, at: "/" },
    { holds: "swap", uuid: SWAP_UUID },
  ],
} as const;

const SYSTEM = {
  suite: "bookworm",
  more: ["openssh-server", "python3", "postgresql-15", "sqlite3", "kexec-tools"],
} as const;

/** What QEMU says of the machine itself (SMBIOS) while it is the server, and of no VM that is made of it. */
export const BUSY = "busy";

const LOAD = "/usr/local/lib/load/load.py";
/** Run in it: what its disk holds of the load. */
export const CHECK_LOAD: readonly string[] = [LOAD, "check"];

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `UUID=${ROOT_UUID} / ext4 errors=remount-ro,discard 0 1\nUUID=${SWAP_UUID} none swap sw 0 0\n`,
  "/etc/initramfs-tools/conf.d/resume": `RESUME=UUID=${SWAP_UUID}\n`,
  "/etc/network/interfaces": "auto lo\niface lo inet loopback\n\nallow-hotplug ens3\niface ens3 inet dhcp\n",
  "/etc/ssh/sshd_config.d/lab.conf": "UseDNS no\n",
  "/etc/systemd/system/load.service": `[Unit]
Description=What keeps this server busy
After=postgresql.service postgresql@15-main.service
[Service]
ExecCondition=grep -qx ${BUSY} /sys/class/dmi/id/product_family
ExecStart=${LOAD}
KillMode=mixed
TimeoutStopSec=120
[Install]
WantedBy=multi-user.target
`,
};

export type HotDisk = {
  /** Raw; only to be read. */
  readonly image: string;
  /** root's key there. */
  readonly keyPath: string;
  /** `ssh-ed25519 AAAA...` of its ssh server. */
  readonly hostKey: string;
};

export async function hotDisk({
  signal,
  onProgress,
}: Call & { onProgress?: (text: string) => void }): Promise<HotDisk> {
  const own = ["disk.ts", "load.py"].map((name) => readFile(new URL(name, import.meta.url), "utf8"));
  const tar = await systemTar(SYSTEM, { signal });
  const directory = await cached({
    name: "hot-server",
    recipe: [tar, ...(await readMachineSources()), ...(await Promise.all(own))],
    signal,
    ...(onProgress === undefined ? {} : { onProgress }),
    async build(aside, options) {
      await mkdir(aside);
      await build(aside, { systemTar: tar, ...options });
    },
  });
  const hostKey = (await readFile(join(directory, "host.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
  return { image: join(directory, "disk.img"), keyPath: join(directory, "key"), hostKey };
}

async function build(
  directory: string,
  { systemTar: tar, signal }: Call & { systemTar: string },
): Promise<void> {
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", join(directory, "key")]);
  await using disk = await makeDisk(join(directory, "disk.img"), LAYOUT, { signal });
  const own = { hostname: "kiosk", files: FILES };
  await using system = await installSystem({ systemTar: tar, mounts: disk.mounts, ...own, signal });
  const { root, kernels, inside } = system;
  await mkdir(join(root, "root/.ssh"), { recursive: true, mode: 0o700 });
  await copyFile(join(directory, "key.pub"), join(root, "root/.ssh/authorized_keys"));
  await mkdir(join(root, "usr/local/lib/load"));
  await copyFile(new URL("load.py", import.meta.url), join(root, LOAD));
  await chmod(join(root, LOAD), 0o755);
  await inside(["systemctl", "enable", "load.service", "ssh.service", "postgresql.service"]);
  await writeFile(
    join(directory, "host.pub"),
    await readFile(join(root, "etc/ssh/ssh_host_ed25519_key.pub")),
  );
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  const words = "console=tty0 console=ttyS0,115200";
  await writeGrubMenu(root, {
    bootUuid: ROOT_UUID,
    below: "/boot",
    root: `UUID=${ROOT_UUID}`,
    kernels,
    words,
  });
}
