// SPDX-License-Identifier: Apache-2.0
// The disk of a Xen host: Debian's dom0 with its hypervisor, built once and kept by this recipe. Needs root.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { cached } from "../../../lab/cache.ts";
import { readMirror } from "../../../lab/demo/system.ts";

const PACKAGES = [
  "linux-image-amd64 initramfs-tools zstd kmod e2fsprogs systemd-sysv udev dbus login passwd",
  "xen-hypervisor-4.17-amd64 xen-utils-4.17 openssh-server iproute2 openssl sudo dmsetup",
].flatMap((line) => line.split(" "));

const SIZE_BYTES = 16 * 2 ** 30;

/** dom0's address; QEMU's own network is 10.0.2.0/24, and gives guests theirs from 10.0.2.15 on. */
export const DOM0_ADDRESS = "10.0.2.9";

/** xenbr0 with the one card in it. */
const FILES: Readonly<Record<string, string>> = {
  "etc/hostname": "dom0\n",
  "etc/fstab": "LABEL=dom0 / ext4 defaults 0 1\n",
  "etc/systemd/network/1.netdev": "[NetDev]\nName=xenbr0\nKind=bridge\n",
  "etc/systemd/network/2.network": "[Match]\nDriver=virtio_net\n[Network]\nBridge=xenbr0\n",
  "etc/systemd/network/3.network": `[Match]\nName=xenbr0\n[Network]\nAddress=${DOM0_ADDRESS}/24\nGateway=10.0.2.2\n`,
  // The second disk is a tar with the key that may log in.
  "etc/systemd/system/p2v-key.service":
    "[Unit]\nBefore=ssh.service\n[Service]\nType=oneshot\nExecStart=tar -C /root -xf /dev/vdb\n[Install]\nWantedBy=multi-user.target\n",
};

/** A directory with disk.img, xen, vmlinuz, initrd and host_key.pub. */
export async function xenDisk(signal: AbortSignal): Promise<string> {
  const recipe = await readFile(new URL(import.meta.url), "utf8");
  return await cached({ name: "xen-host", recipe, signal, build });
}

async function build(path: string, { signal }: { signal: AbortSignal }): Promise<void> {
  await using root = await scratch("p2v-dom0-");
  const argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--components=main"];
  const policy = 'mkdir -p "$1/etc/initramfs-tools/conf.d"';
  const small = 'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/driver-policy"';
  const drivers = 'printf "virtio_pci\\nvirtio_blk\\next4\\n" >"$1/etc/initramfs-tools/modules"';
  argv.push(`--include=${PACKAGES.join(",")}`, `--essential-hook=${policy}; ${small}; ${drivers}`);
  argv.push('--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"');
  for (const part of ["doc", "man", "locale"]) argv.push(`--dpkgopt=path-exclude=/usr/share/${part}/*`);
  argv.push("bookworm", root.path, await readMirror());
  await run(argv, { signal, timeoutMs: 900_000 });
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(join(root.path, file, ".."), { recursive: true });
    await writeFile(join(root.path, file), text);
  }
  const inside = (...words: readonly string[]): Promise<unknown> =>
    run(["chroot", root.path, ...words], { signal });
  await inside("systemctl", "enable", "systemd-networkd", "p2v-key", "serial-getty@hvc0");
  await inside(
    "systemctl",
    "mask",
    "systemd-networkd-wait-online",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
  );
  // Rights are tried with this user: no sudo, and sudo for what doc/hosts.md lists.
  await inside("useradd", "-m", "-s", "/bin/bash", "mia");
  await mkdir(path);
  const boot = await readdir(join(root.path, "boot"));
  const find = (begin: string): string =>
    join(root.path, "boot", boot.find((name) => name.startsWith(begin)) ?? begin);
  await copyFile(find("vmlinuz-"), join(path, "vmlinuz"));
  await copyFile(find("initrd.img-"), join(path, "initrd"));
  await copyFile(join(root.path, "etc/ssh/ssh_host_ed25519_key.pub"), join(path, "host_key.pub"));
  await run(["sh", "-c", 'zcat "$1" >"$2"', "sh", find("xen-4.17-amd64.gz"), join(path, "xen")], { signal });
  const disk = join(path, "disk.img");
  await writeFile(disk, "");
  await truncate(disk, SIZE_BYTES);
  const options = ["-E", "lazy_itable_init=1,nodiscard", "-d", root.path];
  await run(["mkfs.ext4", "-q", "-L", "dom0", ...options, disk], { signal, timeoutMs: 300_000 });
}

async function scratch(prefix: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
