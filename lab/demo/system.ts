// SPDX-License-Identifier: Apache-2.0
// The files of a small Debian 12 server as a tar, from the apt mirror this machine uses.
import { readFile, readdir } from "node:fs/promises";
import { run } from "../../src/system/index.ts";

export const DEMO_PACKAGES = [
  "linux-image-amd64 initramfs-tools busybox zstd grub-pc kmod e2fsprogs",
  "systemd-sysv udev dbus libpam-systemd login passwd",
  "ifupdown isc-dhcp-client iproute2 iputils-ping netbase",
  "attr cron less procps tzdata",
].flatMap((line) => line.split(" "));

export async function buildDemoSystem(
  path: string,
  { mirror, signal }: { mirror: string; signal: AbortSignal },
): Promise<void> {
  // mmdebstrap keeps services from starting (policy-rc.d). The small initramfs saves half a minute here.
  const policy = 'mkdir -p "$1/etc/initramfs-tools/conf.d"';
  const small = 'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/driver-policy"';
  const argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--components=main"];
  argv.push(`--include=${DEMO_PACKAGES.join(",")}`, `--essential-hook=${policy}; ${small}`);
  argv.push('--aptopt=Acquire::Languages "none"');
  for (const part of ["doc", "man", "locale"]) argv.push(`--dpkgopt=path-exclude=/usr/share/${part}/*`);
  argv.push("bookworm", path, mirror);
  await run(argv, { signal, timeoutMs: 900_000, env: { SOURCE_DATE_EPOCH: "1747699200" } });
}

/** The first Debian archive that apt is configured to use, else Debian's own. */
export async function readMirror(): Promise<string> {
  const directory = "/etc/apt/sources.list.d";
  const names = await readdir(directory).catch(() => [] as string[]);
  const paths = ["/etc/apt/sources.list", ...names.toSorted().map((name) => `${directory}/${name}`)];
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8").catch(() => "")));
  return parseMirror(texts.join("\n")) ?? "http://deb.debian.org/debian";
}

/** From sources.list(5), in either style; null where nothing looks like the main archive. */
export function parseMirror(text: string): string | null {
  for (const line of text.split("\n")) {
    const uris = /^URIs:\s*(.+)$/.exec(line)?.[1] ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s/.exec(line)?.[1] ?? "";
    const found = uris.split(/\s+/).find((uri) => /^https?:\/\/\S+\/debian\/?$/.test(uri));
    if (found !== undefined) return found;
  }
  return null;
}
