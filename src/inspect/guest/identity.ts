// SPDX-License-Identifier: Apache-2.0
// Which distribution it is, on which architecture, started by what.
import type { GuestOS, GuestView } from "../../core/index.ts";

export type Identity = Pick<
  GuestOS,
  "family" | "id" | "version" | "title" | "hostname" | "arch" | "init" | "initramfsTool"
>;

type Family = { readonly name: string; readonly ids: readonly string[]; readonly initramfsTool: string };

/** By ID and ID_LIKE of os-release(5); `generic` is what is left. */
const FAMILIES: readonly Family[] = [
  {
    name: "debian",
    ids: ["debian", "ubuntu", "linuxmint", "raspbian", "devuan", "kali", "pop"],
    initramfsTool: "initramfs-tools",
  },
  {
    name: "redhat",
    ids: ["rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn", "scientific", "redhat"],
    initramfsTool: "dracut",
  },
  {
    name: "suse",
    ids: ["suse", "sles", "sled", "opensuse", "opensuse-leap", "opensuse-tumbleweed"],
    initramfsTool: "dracut",
  },
  { name: "arch", ids: ["arch", "archarm", "manjaro"], initramfsTool: "mkinitcpio" },
  { name: "alpine", ids: ["alpine"], initramfsTool: "mkinitfs" },
];

/** `KEY=value` lines of os-release(5), quotes removed. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const line of text.slice(0, 65_536).split("\n")) {
    const match = /^([A-Z][A-Z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))\s*$/.exec(line.trim());
    if (match === null) continue;
    const value = match[2]?.replace(/\\(.)/g, "$1") ?? match[3] ?? match[4] ?? "";
    out.set(match[1] ?? "", value.slice(0, 512));
  }
  return out;
}

export async function readIdentity(view: GuestView): Promise<Identity> {
  const release = parseOsRelease(
    (await view.readText("/etc/os-release")) ?? (await view.readText("/usr/lib/os-release")) ?? "",
  );
  const old = release.size === 0 ? await readOldRelease(view) : null;
  const id = (release.get("ID") ?? old?.id ?? "linux").toLowerCase();
  const like = [id, ...(release.get("ID_LIKE") ?? "").toLowerCase().split(/\s+/)];
  const family = FAMILIES.find(({ ids }) => like.some((one) => ids.includes(one)));
  const version = release.get("VERSION_ID") ?? old?.version ?? "";
  return {
    family: family?.name ?? "generic",
    id,
    version,
    title: release.get("PRETTY_NAME") ?? old?.title ?? `Linux (${id})`,
    hostname: await readHostname(view),
    arch: await readArch(view),
    init: await readInit(view),
    initramfsTool: await readInitramfsTool(view, family),
  };
}

/** Before os-release(5), about 2012, each family had a file of its own. */
async function readOldRelease(
  view: GuestView,
): Promise<{ id: string; version: string; title: string } | null> {
  for (const [path, id] of [
    ["/etc/redhat-release", "rhel"],
    ["/etc/SuSE-release", "suse"],
    ["/etc/alpine-release", "alpine"],
    ["/etc/debian_version", "debian"],
  ] as const) {
    const line = (await view.readText(path))?.split("\n")[0]?.trim().slice(0, 200);
    if (line === undefined) continue;
    const version = /\d+(?:\.\d+)*/.exec(line)?.[0] ?? "";
    const brand = id === "rhel" && line.startsWith("CentOS") ? "centos" : id;
    return { id: brand, version, title: /[A-Za-z]/.test(line) ? line : `${id} ${line}` };
  }
  return null;
}

async function readHostname(view: GuestView): Promise<string | null> {
  const plain = (await view.readText("/etc/hostname")) ?? (await view.readText("/etc/HOSTNAME")) ?? "";
  const named = plain
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
  const sysconfig = /^HOSTNAME=["']?([^"'\n]+)/m.exec(
    (await view.readText("/etc/sysconfig/network")) ?? "",
  )?.[1];
  const name = named ?? sysconfig ?? null;
  return name !== null && /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(name) ? name : null;
}

/** e_machine of the ELF header (System V ABI). */
const MACHINES: Readonly<Record<number, string>> = {
  3: "i686",
  40: "armv7l",
  62: "x86_64",
  183: "aarch64",
  21: "ppc64",
  22: "s390x",
  243: "riscv64",
};

async function readArch(view: GuestView): Promise<string> {
  for (const path of ["/bin/sh", "/sbin/init", "/usr/bin/env", "/bin/true"]) {
    const head = await view.read(path, { maxBytes: 64 * 2 ** 20 }).catch(() => null);
    if (
      head === null ||
      head.length < 20 ||
      Buffer.from(head.subarray(0, 4)).toString("latin1") !== "\u007fELF"
    )
      continue;
    const machine =
      head[5] === 2 ? (head[18] ?? 0) * 256 + (head[19] ?? 0) : (head[19] ?? 0) * 256 + (head[18] ?? 0);
    return MACHINES[machine] ?? `unknown (ELF machine ${machine})`;
  }
  return "unknown";
}

async function readInit(view: GuestView): Promise<Identity["init"]> {
  const init = await view.resolve("/sbin/init");
  if (init?.endsWith("/systemd") === true) return "systemd";
  if ((await view.resolve("/sbin/openrc")) !== null) return "openrc";
  if ((await view.list("/etc/init")).length > 0 && (await view.resolve("/sbin/initctl")) !== null)
    return "upstart";
  return (await view.resolve("/etc/inittab")) !== null || init !== null ? "sysv" : "unknown";
}

async function readInitramfsTool(view: GuestView, family: Family | undefined): Promise<string> {
  for (const [tool, paths] of [
    ["initramfs-tools", ["/usr/sbin/mkinitramfs", "/usr/sbin/update-initramfs"]],
    ["dracut", ["/usr/bin/dracut", "/sbin/dracut", "/usr/sbin/dracut"]],
    ["mkinitcpio", ["/usr/bin/mkinitcpio", "/sbin/mkinitcpio"]],
    ["mkinitrd", ["/sbin/mkinitrd"]],
    ["mkinitfs", ["/sbin/mkinitfs"]],
  ] as const)
    for (const path of paths) if ((await view.resolve(path)) !== null) return tool;
  return family === undefined ? "generic" : `${family.initramfsTool} (not installed)`;
}

/** Has a file system the look of a Linux root? */
export async function looksLikeRoot(view: GuestView): Promise<boolean> {
  const etc =
    (await view.resolve("/etc/os-release")) ??
    (await view.resolve("/etc/fstab")) ??
    (await view.resolve("/etc/passwd"));
  const init =
    (await view.resolve("/sbin/init")) ??
    (await view.resolve("/usr/lib/systemd/systemd")) ??
    (await view.resolve("/bin/sh"));
  return etc !== null && init !== null;
}
