// SPDX-License-Identifier: Apache-2.0
// The files of a small Debian server as a tar, one for each release: what the machines of the matrix are made from.
import { run } from "../../src/system/index.ts";
import { cached } from "../cache.ts";
import { readMirror } from "../demo/system.ts";

export type Suite = "bullseye" | "bookworm" | "trixie";

/** The small kernel: it has the drivers of SATA, NVMe and VMs, and modules of a third of the size. */
const PACKAGES = [
  "linux-image-cloud-amd64 initramfs-tools busybox zstd kmod e2fsprogs",
  "grub-pc grub-efi-amd64-bin grub-efi-amd64-signed shim-signed",
  "lvm2 mdadm xfsprogs",
  "systemd-sysv udev dbus libpam-systemd login passwd",
  "ifupdown ifenslave isc-dhcp-client iproute2 iputils-ping netbase",
  "cron less procps tzdata",
].flatMap((line) => line.split(" "));

export type System = {
  readonly suite: Suite;
  /** Packages beside those that all systems have. */
  readonly more?: readonly string[];
  /** Patterns of packages that those are instead of, and that depend on them: taken away first. */
  readonly without?: readonly string[];
  /** A package may be of another release. */
  readonly alsoFrom?: Suite;
};

/** The tar. Its initramfs has next to no drivers: each machine makes its own. */
export async function systemTar(system: System, { signal }: { signal: AbortSignal }): Promise<string> {
  const { suite, more = [] } = system;
  const plain = await cached({
    name: `system-${suite}`,
    recipe: [suite, ...PLAIN, ...ALWAYS],
    signal,
    build: (path, options) => bootstrap(path, { suite, argv: PLAIN, ...options }),
  });
  if (more.length === 0) return plain;
  return await cached({
    name: `system-${suite}-${more[0]?.split("/")[0]}`,
    recipe: [plain, JSON.stringify(system), "1"], // a new number where what extend() does changes
    signal,
    build: (path, options) => extend(path, { plain, system, ...options }),
  });
}

const POLICY = 'mkdir -p "$1/etc/initramfs-tools/conf.d"';
const SMALL = 'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/driver-policy"';
const PLAIN = [
  "--variant=minbase",
  `--include=${PACKAGES.join(",")}`,
  `--essential-hook=${POLICY}; ${SMALL}`,
];

const ALWAYS = [
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=APT::Install-Recommends "false"',
  ...["doc", "man", "locale"].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`),
];

type Options = { readonly suite: Suite; readonly signal: AbortSignal };

async function bootstrap(
  path: string,
  { suite, argv: own, signal }: Options & { argv: readonly string[] },
): Promise<void> {
  const argv = ["mmdebstrap", "--mode=root", "--format=tar", "--components=main", ...ALWAYS, ...own];
  argv.push(suite, path, await readMirror());
  await run(argv, { signal, timeoutMs: 900_000, env: { SOURCE_DATE_EPOCH: "1747699200" } });
}

/** Of this computer, which knows releases newer than its own. */
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** mmdebstrap(1), "custom": what is there already stays, and `--include` is added to it. */
async function extend(
  path: string,
  { plain, system, signal }: { plain: string; system: System; signal: AbortSignal },
): Promise<void> {
  const { suite, more = [], without = [], alsoFrom } = system;
  const unpack = `tar -C "$1" --numeric-owner --xattrs "--xattrs-include=*" -xf '${plain}'`;
  const argv = ["--variant=custom", `--include=${more.join(",")}`, `--setup-hook=${unpack}`];
  if (without.length > 0)
    argv.push(
      `--setup-hook=chroot "$1" dpkg --purge $(chroot "$1" dpkg-query -f '\${Package} ' -W ${without.map((one) => `'${one}'`).join(" ")})`,
    );
  if (alsoFrom !== undefined) {
    const line = `deb [signed-by=${KEYS}] ${await readMirror()} ${alsoFrom} main`;
    argv.push(`--setup-hook=echo '${line}' >"$1/etc/apt/sources.list.d/${alsoFrom}.list"`);
  }
  await bootstrap(path, { suite, argv, signal });
}
