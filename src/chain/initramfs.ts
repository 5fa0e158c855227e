// SPDX-License-Identifier: Apache-2.0
// The fourth link: does the initramfs, or the kernel itself, have what finds the VM's disk and opens the root on it?
import {
  type BlockGraph,
  type ChainLink,
  guestFiles,
  type Kernel,
  named,
  type NodeId,
} from "../core/index.ts";
import {
  type InitramfsEntry,
  MAX_INITRAMFS_BYTES,
  modulesInside,
  neededModules,
  readEmulated,
  readInitramfs,
  readModules,
  unifiedInitramfs,
} from "../convert/index.ts";
import type { DefaultEntry } from "./entry.ts";
import { assumed, broken, type Ground, proven } from "./ground.ts";
import { kernelWords } from "./words.ts";

const place = "initramfs";
const REBUILD =
  "Build it anew on the machine with the drivers of a VM (virtio_pci, virtio_blk, or xen-blkfront), and plan again";

type Need = {
  readonly entry: DefaultEntry | null;
  readonly kernel: Kernel | null;
};

export async function readInitramfsLink({ entry, kernel }: Need, ground: Ground): Promise<ChainLink> {
  const text = "finds the VM's disk";
  if (kernel === null)
    return assumed(place, { text, why: "the kernel is not known, so its drivers are not" });
  const modules = await readModules(ground.view, kernel.version);
  if (modules === null)
    return assumed(place, {
      text,
      why: `the modules of Linux ${kernel.version} are not listed in the guest`,
    });
  const drivers = await diskDrivers(kernel, ground);
  if (drivers.kind === "none")
    return broken(place, {
      text,
      why: `Linux ${kernel.version} has no driver for the VM's disks (${drivers.bus})`,
      advice: "Install a newer kernel on the machine, and plan again",
      about: named("kernel", kernel.version),
    });
  const wanted = neededModules({ modules, drivers: drivers.names, fileSystems: rootTypes(ground) });
  const denied = wanted.filter((name) => deniedModules(entry?.words ?? "").has(name));
  if (denied.length > 0)
    return broken(place, {
      text,
      why: `the kernel's words forbid ${denied.join(", ")}`,
      advice: "Take that word out of the boot menu on the machine, and plan again",
      about: named("driver", ...denied),
    });
  const images =
    entry?.initramfs ??
    (kernel.initramfs === null ? [] : [{ named: kernel.initramfs, path: kernel.initramfs }]);
  const lost = images.find(({ path }) => path === null);
  if (lost !== undefined)
    return broken(place, {
      text: lost.named,
      why: `the default entry loads ${lost.named}, and there is no such file`,
      advice: "Build it on the machine (update-initramfs -u, or dracut -f), and plan again",
      about: guestFiles(lost.named),
    });
  if (images.length === 0 && entry?.unified !== true) return withoutImage(wanted, { kernel, ground });
  return await inside(wanted, { entry, kernel, images, ground });
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

type Inside = Need & {
  readonly kernel: Kernel;
  readonly images: readonly { readonly named: string; readonly path: string | null }[];
  readonly ground: Ground;
};

async function inside(
  wanted: readonly string[],
  { entry, kernel, images, ground }: Inside,
): Promise<ChainLink> {
  const path = images[0]?.path ?? entry?.kernel ?? "";
  const about = guestFiles(path);
  let entries: ReadonlyMap<string, InitramfsEntry> | null;
  try {
    entries = await readAll(images, { entry, ground });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return assumed(place, { text: path, why: `it could not be read: ${error.message}`, about });
  }
  if (entries === null)
    return broken(place, {
      text: path,
      why: `${path} has no bytes`,
      advice: "Build it again on the machine (update-initramfs -u, or dracut -f), and plan again",
      about,
    });
  const has = modulesInside(entries, kernel.version);
  const missing = wanted.filter((name) => !has.has(name));
  if (missing.length > 0)
    return broken(place, { text: path, why: `it lacks ${missing.join(", ")}`, advice: REBUILD, about });
  const closed = openers(ground).filter(
    ({ programs }) => ![...entries.keys()].some((name) => programs.test(name)),
  );
  if (closed.length > 0 && isKnownTool(ground))
    return broken(place, {
      text: path,
      why: `the root lies in ${closed.map(({ title }) => title).join(" and ")}, and it has nothing that opens it`,
      advice: REBUILD,
      about,
    });
  const names =
    wanted.length === 0 ? "all drivers are built into the kernel" : `it holds ${wanted.join(", ")}`;
  return closed.length > 0
    ? assumed(place, { text: path, why: `${names}; what opens the root in it is not known`, about })
    : proven(place, { text: path, why: names, about });
}

/** null: one of the files is empty. */
async function readAll(
  images: Inside["images"],
  { entry, ground }: { entry: DefaultEntry | null; ground: Ground },
): Promise<ReadonlyMap<string, InitramfsEntry> | null> {
  const { view, signal } = ground;
  const all = new Map<string, InitramfsEntry>();
  const files = entry?.unified === true ? [entry.kernel] : images.map(({ path }) => path);
  for (const file of files) {
    const bytes = file === null ? null : await view.read(file, { maxBytes: MAX_INITRAMFS_BYTES });
    if (bytes === null) continue;
    if (bytes.length === 0) return null;
    const own = entry?.unified === true ? unifiedInitramfs(Buffer.from(bytes)) : bytes;
    if (own !== null)
      for (const [name, found] of (await readInitramfs(own, { signal })).entries) all.set(name, found);
  }
  return all;
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

function rootTypes({ guest, intent }: Ground): readonly string[] {
  const early = [
    guest.root,
    ...guest.mounts.flatMap(({ path, node }) => (path === "/usr" ? (node ?? []) : [])),
  ];
  const types = intent.storage.nodes.flatMap(({ id, holds }) =>
    early.includes(id) && holds.kind === "filesystem" ? [holds.type] : [],
  );
  return [...new Set(types)];
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

const isKnownTool = ({ guest }: Ground): boolean =>
  ["initramfs-tools", "dracut", "mkinitcpio", "mkinitfs"].includes(guest.initramfsTool);

function kindsBelow({ nodes, edges }: BlockGraph, id: NodeId): ReadonlySet<string> {
  const seen = new Set([id]);
  for (const above of seen) for (const { from, to } of edges) if (from === above) seen.add(to);
  return new Set(nodes.flatMap((node) => (seen.has(node.id) ? [node.holds.kind] : [])));
}
