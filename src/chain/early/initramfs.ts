// SPDX-License-Identifier: Apache-2.0
// The fourth link: does the initramfs, or the kernel itself, have what finds the VM's disk and opens the root on it?
import {
  type BlockGraph,
  type ChainLink,
  guestFiles,
  type Kernel,
  luksBelow,
  named,
  type NodeId,
} from "../../core/index.ts";
import {
  modulesInside,
  needsEarlyNetwork,
  neededModules,
  readEmulated,
  readModules,
} from "../../convert/index.ts";
import type { DefaultEntry } from "../entry.ts";
import { assumed, broken, type Ground, proven } from "../ground.ts";
import { type ImageRead, loadedImages } from "./image.ts";
import { kernelWords } from "../words.ts";

const place = "initramfs";
const REBUILD =
  "Build it anew on the machine with the drivers of a VM (virtio_pci, virtio_blk, or xen-blkfront), and plan again";

type Need = {
  readonly entry: DefaultEntry | null;
  readonly kernel: Kernel | null;
  /** null: none is loaded. */
  readonly read: ImageRead | null;
};

export async function readInitramfsLink({ entry, kernel, read }: Need, ground: Ground): Promise<ChainLink> {
  const text = "finds the VM's disk";
  const lost = loadedImages(entry, kernel).find(({ path }) => path === null);
  if (lost !== undefined)
    return broken(place, {
      text: lost.named,
      why: `the default entry loads ${lost.named}, and there is no such file`,
      advice: "Build it on the machine (update-initramfs -u, or dracut -f), and plan again",
      about: guestFiles(lost.named),
    });
  const bad = read === null ? null : findDamage(read);
  if (bad !== null) return bad;
  if (kernel === null)
    return assumed(place, { text, why: "the kernel is not known, so its drivers are not" });
  const modules = await readModules(ground.view, kernel.version, kernel.modules);
  if (modules === null)
    return assumed(place, {
      text,
      why: `the modules of Linux ${kernel.version} are not listed in the guest`,
    });
  const drivers = await diskDrivers(kernel, ground);
  // The VM's devices are chosen for the kernels that inspection knows.
  if (drivers.kind === "none" && !ground.guest.kernels.some(({ version }) => version === kernel.version))
    return assumed(place, {
      text,
      why: `inspection did not look into Linux ${kernel.version}, and the VM's disks (${drivers.bus}), which it has no driver for, were not chosen for it`,
    });
  if (drivers.kind === "none")
    return broken(place, {
      text,
      why: `Linux ${kernel.version} has no driver for the VM's disks (${drivers.bus})`,
      advice: "Install a newer kernel on the machine, and plan again",
      about: named("kernel", kernel.version),
    });
  const wanted = neededModules({
    modules,
    drivers: [...drivers.names, ...cardDrivers(entry, ground)],
    fileSystems: rootTypes(ground),
  });
  const denied = wanted.filter((name) => deniedModules(entry?.words ?? "").has(name));
  if (denied.length > 0)
    return broken(place, {
      text,
      why: `the kernel's words forbid ${denied.join(", ")}`,
      advice: "Take that word out of the boot menu on the machine, and plan again",
      about: named("driver", ...denied),
    });
  return read === null ? withoutImage(wanted, { kernel, ground }) : inside(read, { wanted, kernel, ground });
}

/** Of the file itself, whatever is wanted of it. */
function findDamage(read: ImageRead): ChainLink | null {
  const { path } = read;
  const about = guestFiles(path);
  const advice = "Build it again on the machine (update-initramfs -u, or dracut -f), and plan again";
  if (read.kind === "empty") return broken(place, { text: path, why: `${path} has no bytes`, advice, about });
  if (read.kind === "cut" && (read.fails || !read.entries.has("init")))
    return broken(place, {
      text: path,
      why: `${path} is cut off${read.fails ? ", and the kernel fails to unpack it" : " before its first program"}`,
      advice,
      about,
    });
  return null;
}

/** kernel-parameters(7) and modprobe(8). */
function deniedModules(words: string): ReadonlySet<string> {
  const lists = kernelWords(words).flatMap((word) => {
    const list = /^(?:module_blacklist|modprobe\.blacklist|rd\.driver\.blacklist)=(.*)$/.exec(word)?.[1];
    return list === undefined ? [] : list.split(",");
  });
  return new Set(lists.map((name) => name.replaceAll("-", "_")));
}

function withoutImage(
  wanted: readonly string[],
  { kernel, ground }: { kernel: Kernel; ground: Ground },
): ChainLink {
  const text = "none: the kernel finds the disk by itself";
  const about = named("kernel", kernel.version);
  const opened = openers(ground);
  if (opened.length > 0)
    return broken(place, {
      text,
      why: `the root lies in ${opened.map(({ title }) => title).join(" and ")}, and a kernel alone cannot open it`,
      advice: REBUILD,
      about,
    });
  if (wanted.length === 0)
    return proven(place, { text, why: "all drivers that it needs are built in", about });
  return broken(place, {
    text,
    why: `${wanted.join(", ")} ${wanted.length === 1 ? "is a module" : "are modules"} of Linux ${kernel.version}, and the entry loads no initramfs`,
    advice: "Make an initramfs on the machine and let the menu load it, and plan again",
    about,
  });
}

type Inside = {
  readonly wanted: readonly string[];
  readonly kernel: Kernel;
  readonly ground: Ground;
};

function inside(read: ImageRead, { wanted, kernel, ground }: Inside): ChainLink {
  const { path } = read;
  const about = guestFiles(path);
  if (read.kind === "unread" || read.kind === "empty")
    return assumed(place, {
      text: path,
      why: `it could not be read: ${read.kind === "unread" ? read.why : ""}`,
      about,
    });
  const { entries } = read;
  const has = modulesInside(entries, kernel.version);
  const cut = read.kind === "cut" ? ", and is cut off" : "";
  const missing = wanted.filter((name) => !has.has(name));
  if (missing.length > 0)
    return broken(place, { text: path, why: `it lacks ${missing.join(", ")}${cut}`, advice: REBUILD, about });
  const closed = openers(ground).filter(
    ({ programs }) => ![...entries.keys()].some((name) => programs.test(name)),
  );
  const isKnown = read.kind === "read" && read.maker !== null;
  if (closed.length > 0 && isKnown)
    return broken(place, {
      text: path,
      why: `the root lies in ${closed.map(({ title }) => title).join(" and ")}, and it has nothing that opens it`,
      advice: REBUILD,
      about,
    });
  const names =
    wanted.length === 0 ? "all drivers are built into the kernel" : `it holds ${wanted.join(", ")}`;
  if (cut !== "")
    return assumed(place, { text: path, why: `${names}${cut}: what is lost is not known`, about });
  return closed.length > 0
    ? assumed(place, { text: path, why: `${names}; what opens the root in it is not known`, about })
    : proven(place, { text: path, why: names, about });
}

type Drivers =
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "none"; readonly bus: string };

async function diskDrivers(kernel: Kernel, ground: Ground): Promise<Drivers> {
  const { view, guest, intent, vm, platform } = ground;
  const isThere = (name: string): boolean => kernel.has[name] === undefined || kernel.has[name] !== "absent";
  const bus = vm.disks.find(({ boot }) => boot)?.bus ?? "virtio";
  if (platform === "xen" && isThere("xen-blkfront")) return { kind: "names", names: ["xen-blkfront"] };
  if (platform === "kvm" && bus === "virtio")
    return ["virtio_pci", "virtio_blk"].every(isThere)
      ? { kind: "names", names: ["virtio_pci", "virtio_blk"] }
      : { kind: "none", bus };
  const emulated = await readEmulated(kernel, { view, guest, intent });
  return emulated.disk === null
    ? { kind: "none", bus: emulated.bus }
    : { kind: "names", names: emulated.disk };
}

/** Of the network card, where the root or its key comes from a server; else udev loads it from the root. */
function cardDrivers(entry: DefaultEntry | null, { vm, platform }: Ground): readonly string[] {
  if (entry === null || !needsEarlyNetwork(entry.words)) return [];
  if (platform === "xen") return ["xen-netfront"];
  return vm.nics.some(({ model }) => model === "virtio") ? ["virtio_net"] : [];
}

function rootTypes({ guest, intent }: Ground): readonly string[] {
  const early = [
    guest.root,
    ...guest.mounts.flatMap(({ path, node }) => (path === "/usr" ? (node ?? []) : [])),
  ];
  const types = intent.storage.nodes.flatMap(({ id, holds }) =>
    early.includes(id) && holds.kind === "filesystem" ? [holds.type] : [],
  );
  const isEncrypted = early.some((id) => luksBelow(intent.storage, id).length > 0);
  return [...new Set(types), ...(isEncrypted ? ["dm_crypt"] : [])];
}

type Opener = { readonly title: string; readonly programs: RegExp };

/** What must be opened or assembled before the root can be mounted, and the programs that do it. */
function openers({ guest, intent }: Ground): readonly Opener[] {
  const kinds = kindsBelow(intent.storage, guest.root);
  return OPENERS.filter(({ kind }) => kinds.has(kind));
}

const OPENERS: readonly (Opener & { readonly kind: string })[] = [
  { kind: "lvm-lv", title: "a volume of LVM", programs: /(?:^|\/)(?:lvm|vgchange|lvm\.static)$/ },
  { kind: "luks", title: "a LUKS volume", programs: /(?:^|\/)(?:cryptsetup|systemd-cryptsetup|nash)$/ },
  { kind: "md", title: "a software RAID", programs: /(?:^|\/)(?:mdadm|mdassemble|nash|mdrun)$/ },
];

function kindsBelow({ nodes, edges }: BlockGraph, id: NodeId): ReadonlySet<string> {
  const seen = new Set([id]);
  for (const above of seen) for (const { from, to } of edges) if (from === above) seen.add(to);
  return new Set(nodes.flatMap((node) => (seen.has(node.id) ? [node.holds.kind] : [])));
}
