// SPDX-License-Identifier: Apache-2.0
// Which distribution it is, on which architecture, started by what.
import type { GuestOS, GuestView } from "../../core/index.ts";
import { familyOf } from "./families.ts";
import { readInit } from "./init.ts";

export type Identity = Pick<
  GuestOS,
  "family" | "id" | "version" | "title" | "hostname" | "arch" | "init" | "initramfsTool"
>;

/** Has a file system the look of a Linux root? */
export async function looksLikeRoot(view: GuestView): Promise<boolean> {
  const marks = ["/etc/os-release", "/usr/lib/os-release", "/etc/fstab", "/etc/passwd"];
  if ((await firstOf(view, marks)) === null) return false;
  const inits = ["/sbin/init", "/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/bin/sh"];
  return (await firstOf(view, inits)) !== null || (await needsUsr(view));
}

/** With merged directories /bin is a link into /usr, and that may be a volume of its own: then no program is seen yet. */
async function needsUsr(view: GuestView): Promise<boolean> {
  if ((await firstOf(view, ["/etc/fstab", "/etc/systemd/system", "/etc/passwd", "/etc/os-release"])) === null)
    return false;
  const bin = await view.state("/bin").catch(() => null);
  const leadsToUsr = bin?.kind === "link" && /^\/?usr\/bin\/?$/.test(bin.target);
  return leadsToUsr && (await view.resolve("/usr")) !== null && (await view.resolve("/bin")) === null;
}

async function firstOf(view: GuestView, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if ((await view.resolve(path)) !== null) return path;
  return null;
}

/** Text of a small file; null where there is none, or one that no system has so large. */
async function readShort(view: GuestView, path: string): Promise<string | null> {
  try {
    return await view.readText(path, { maxBytes: 64 * 1024 });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** `KEY=value` lines of os-release(5), quotes removed. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const raw of text.split("\n", 1000)) {
    const line = raw.trim().slice(0, 1024);
    const match = /^([A-Z][A-Z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']*))$/.exec(line);
    if (match === null) continue;
    const value = match[2]?.replaceAll(/\\(.)/g, "$1") ?? match[3] ?? match[4] ?? "";
    out.set(match[1] ?? "", value.slice(0, 200));
  }
  return out;
}

export async function readIdentity(view: GuestView): Promise<Identity> {
  const text = (await readShort(view, "/etc/os-release")) ?? (await readShort(view, "/usr/lib/os-release"));
  const release = parseOsRelease(text ?? "");
  const old = release.has("ID") ? null : await readOldRelease(view);
  const id = (release.get("ID") ?? old?.id ?? "linux").toLowerCase();
  const version = release.get("VERSION_ID") ?? old?.version ?? "";
  const family = familyOf(id, (release.get("ID_LIKE") ?? "").toLowerCase().split(/\s+/));
  return {
    family: family.name,
    id,
    version,
    title: release.get("PRETTY_NAME") ?? old?.title ?? `Linux (${id})`,
    hostname: await readHostname(view),
    arch: await readArch(view),
    init: await readInit(view),
    initramfsTool: await readInitramfsTool(view),
  };
}

type Release = { readonly id: string; readonly version: string; readonly title: string };

/** Before os-release(5), about 2012, each family had a file of its own. Ubuntu's debian_version is Debian's: it comes last. */
async function readOldRelease(view: GuestView): Promise<Release | null> {
  for (const path of ["/etc/oracle-release", "/etc/redhat-release", "/etc/SuSE-release"]) {
    const text = await readShort(view, path);
    if (text !== null) return parseReleaseLine(text, path);
  }
  const lsb = parseOsRelease((await readShort(view, "/etc/lsb-release")) ?? "");
  const distribution = lsb.get("DISTRIB_ID");
  if (distribution !== undefined)
    return {
      id: distribution.toLowerCase(),
      version: lsb.get("DISTRIB_RELEASE") ?? "",
      title: lsb.get("DISTRIB_DESCRIPTION") ?? distribution,
    };
  for (const path of ["/etc/alpine-release", "/etc/debian_version"]) {
    const text = await readShort(view, path);
    if (text !== null) return parseReleaseLine(text, path);
  }
  return null;
}

const BRANDS: readonly (readonly [RegExp, string])[] = [
  [/^Red Hat/, "rhel"],
  [/^CentOS/, "centos"],
  [/^Scientific/, "scientific"],
  [/^Fedora/, "fedora"],
  [/^Oracle/, "ol"],
  [/^SUSE Linux Enterprise/i, "sles"],
  [/^openSUSE/i, "opensuse"],
];

/** `CentOS release 6.10 (Final)`; SLES has its service pack on a line of its own; Debian and Alpine a bare number. */
export function parseReleaseLine(text: string, path: string): Release {
  const line = (text.split("\n", 1)[0] ?? "").trim().slice(0, 200);
  const main = /\d+(?:\.\d+)*/.exec(line)?.[0] ?? "";
  const pack = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(text)?.[1] ?? "0";
  const version = pack === "0" || main === "" ? main : `${main}.${pack}`;
  const fallback = path.endsWith("/SuSE-release")
    ? "suse"
    : path.endsWith("/alpine-release")
      ? "alpine"
      : path.endsWith("/debian_version")
        ? "debian"
        : "rhel";
  const id = BRANDS.find(([pattern]) => pattern.test(line))?.[1] ?? fallback;
  const bare = fallback === "debian" || fallback === "alpine";
  return { id, version, title: bare ? `${fallback === "debian" ? "Debian" : "Alpine Linux"} ${line}` : line };
}

async function readHostname(view: GuestView): Promise<string | null> {
  const plain = (await readShort(view, "/etc/hostname")) ?? (await readShort(view, "/etc/HOSTNAME")) ?? "";
  const named = plain
    .split("\n", 100)
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
  const sysconfig = (await readShort(view, "/etc/sysconfig/network")) ?? "";
  const name = named ?? /^[ \t]*HOSTNAME=["']?([^"'\s]+)/m.exec(sysconfig)?.[1] ?? "";
  return /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(name) ? name : null;
}

/** e_machine of the ELF header (System V ABI), as `uname -m` says it. */
const MACHINES: Readonly<Record<number, string>> = {
  3: "i686",
  8: "mips",
  20: "ppc",
  21: "ppc64",
  22: "s390x",
  40: "armv7l",
  43: "sparc64",
  50: "ia64",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
  258: "loongarch64",
};

/** null: no ELF file. */
export function parseElfMachine(head: Uint8Array): string | null {
  if (head.length < 20 || Buffer.from(head.subarray(0, 4)).toString("latin1") !== "\u007fELF") return null;
  const bigEndian = head[5] === 2;
  const [low = 0, high = 0] = bigEndian ? [head[19], head[18]] : [head[18], head[19]];
  const machine = MACHINES[high * 256 + low];
  if (machine === "ppc64" && !bigEndian) return "ppc64le";
  return machine ?? "unknown";
}

async function readArch(view: GuestView): Promise<string> {
  for (const path of ["/bin/sh", "/sbin/init", "/usr/bin/env", "/bin/true"]) {
    try {
      const head = await view.read(path, { maxBytes: 16 * 2 ** 20 });
      const machine = head === null ? null : parseElfMachine(head);
      if (machine !== null) return machine;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return "unknown";
}

/** Programs in this order: RHEL 7 and SLES 12 have a mkinitrd too, which only calls dracut. */
const INITRAMFS_TOOLS: readonly (readonly [string, readonly string[]])[] = [
  ["initramfs-tools", ["/usr/sbin/mkinitramfs", "/usr/sbin/update-initramfs"]],
  ["dracut", ["/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut"]],
  ["mkinitcpio", ["/usr/bin/mkinitcpio", "/sbin/mkinitcpio"]],
  ["mkinitfs", ["/sbin/mkinitfs", "/usr/sbin/mkinitfs"]],
  ["booster", ["/usr/bin/booster"]],
  ["mkinitrd", ["/sbin/mkinitrd", "/usr/sbin/mkinitrd"]],
  // Noticed only: their images are read, and the drivers appended.
  ["make-initrd", ["/usr/sbin/make-initrd", "/usr/bin/make-initrd"]], // ALT
  ["tiny-initramfs", ["/usr/sbin/mktirfs", "/usr/sbin/update-tirfs"]], // Debian's package tiny-initramfs
  ["ugrd", ["/usr/bin/ugrd"]],
  ["genkernel", ["/usr/bin/genkernel"]],
];

async function readInitramfsTool(view: GuestView): Promise<string> {
  for (const [tool, paths] of INITRAMFS_TOOLS) if ((await firstOf(view, paths)) !== null) return tool;
  return "generic";
}
