// SPDX-License-Identifier: Apache-2.0
// The files of a small Debian server as a tar, one for each release: what the machines of the matrix are made from.
import { readFile } from "node:fs/promises";
import { run } from "../../../src/system/index.ts";
import { cached } from "../cache.ts";
import { readMirror } from "../demo-system.ts";

export type Suite = "bookworm" | "trixie";

const PACKAGES = [
  "linux-image-amd64 initramfs-tools busybox zstd kmod e2fsprogs",
  "grub-pc grub-efi-amd64-bin grub-efi-amd64-signed shim-signed",
  "lvm2 mdadm xfsprogs",
  "systemd-sysv udev dbus libpam-systemd login passwd",
  "ifupdown ifenslave isc-dhcp-client iproute2 iputils-ping netbase",
  "cron less procps tzdata",
].flatMap((line) => line.split(" "));

/** The tar. Its initramfs has next to no drivers: each machine makes its own. */
export async function systemTar(suite: Suite, { signal }: { signal: AbortSignal }): Promise<string> {
  return await cached({
    name: `system-${suite}`,
    recipe: [suite, await readFile(new URL(import.meta.url), "utf8")],
    signal,
    build: (path, options) => buildSystem(path, { suite, ...options }),
  });
}

async function buildSystem(
  path: string,
  { suite, signal }: { suite: Suite; signal: AbortSignal },
): Promise<void> {
  const policy = 'mkdir -p "$1/etc/initramfs-tools/conf.d"';
  const small = 'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/driver-policy"';
  const argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--components=main"];
  argv.push(`--include=${PACKAGES.join(",")}`, `--essential-hook=${policy}; ${small}`);
  argv.push('--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"');
  for (const part of ["doc", "man", "locale"]) argv.push(`--dpkgopt=path-exclude=/usr/share/${part}/*`);
  argv.push(suite, path, await readMirror());
  await run(argv, { signal, timeoutMs: 900_000, env: { SOURCE_DATE_EPOCH: "1747699200" } });
}
