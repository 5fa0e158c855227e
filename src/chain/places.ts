// SPDX-License-Identifier: Apache-2.0
// Paths as a boot loader sees them, which knows file systems and no mounts, and as the guest's tree has them. Pure.
import {
  diskNumberOf,
  findNode,
  type GuestOS,
  type Intent,
  type NodeId,
  onlyBelow,
  type VmModel,
} from "../core/index.ts";

type Guest = Pick<GuestOS, "root" | "mounts">;

/** The node of the file system that holds a path of the guest, and the path on it. */
export function placeOf(
  { root, mounts }: Guest,
  path: string,
): { readonly node: NodeId; readonly path: string } {
  const holding = mounts
    .filter((mount) => mount.node !== null && mount.path !== "/" && isBelow(path, mount.path))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  const node = holding?.node ?? root;
  const inside = holding === undefined ? path : path.slice(holding.path.length) || "/";
  const options = holding?.options ?? mounts.find((mount) => mount.path === "/")?.options ?? "";
  const subvolume = subvolumeOf(options);
  return { node, path: subvolume === null ? inside : `/${subvolume}${inside === "/" ? "" : inside}` };
}

/** Where a path on a file system is in the guest's tree; [] where it is not mounted. Several: subvolumes. */
export function pathsIn({ root, mounts }: Guest, node: NodeId, path: string): readonly string[] {
  const plain = `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
  if (plain.split("/").includes("..")) return [];
  const rootOptions = mounts.find((mount) => mount.path === "/")?.options ?? "";
  const all = [
    { path: "/", node: root, options: rootOptions },
    ...mounts.filter((mount) => mount.path !== "/"),
  ];
  return all.flatMap((mount) => {
    if (mount.node !== node || !mount.path.startsWith("/")) return [];
    const base = mount.path === "/" ? "" : mount.path;
    const subvolume = subvolumeOf(mount.options);
    if (subvolume === null) return [`${base}${plain}`];
    return isBelow(plain, `/${subvolume}`)
      ? [`${base}${plain.slice(subvolume.length + 1)}`]
      : [`${base}${plain}`];
  });
}

const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);

function subvolumeOf(options: string): string | null {
  const found = /(?:^|,)subvol=\/?([^,]+)/.exec(options)?.[1];
  return found === undefined || found === "" ? null : found.replace(/\/+$/, "");
}

/** The VM's disks as its firmware counts them: the one that boots is the first. */
export function firmwareOrder(
  { disks }: Pick<VmModel, "disks">,
  intent: Pick<Intent, "disks">,
): readonly number[] {
  const numbers = intent.disks.map(({ number }) => number);
  const boot = numbers.filter((_, index) => disks[index]?.boot === true);
  return [...boot, ...numbers.filter((number) => !boot.includes(number))];
}

/**
 * A name that the VM's kernel gives by order: `/dev/vda1` on virtio, `/dev/sda1` on SATA and IDE, `/dev/xvda1` on Xen. The disk's
 * number and the partition; null: another name.
 */
export function vmDisk(
  spec: string,
  {
    vm,
    intent,
    platform,
  }: { vm: Pick<VmModel, "disks">; intent: Pick<Intent, "disks">; platform: "kvm" | "xen" },
): { readonly disk: number; readonly partition: number | null } | null {
  const [, family, letter = "", partition] = /^\/dev\/(vd|sd|hd|xvd)([a-z])(\d{1,3})?$/.exec(spec) ?? [];
  const index = letter.charCodeAt(0) - 97;
  const bus = vm.disks[index]?.bus;
  const number = intent.disks[index]?.number;
  if (family === undefined || bus === undefined || number === undefined) return null;
  const wanted =
    platform === "xen" ? ["xvd"] : bus === "virtio" ? ["vd"] : bus === "ide" ? ["sd", "hd"] : ["sd"];
  return wanted.includes(family)
    ? { disk: number, partition: partition === undefined ? null : Number(partition) }
    : null;
}

/** For people: `disk 1, partition 2`, `vg0/root`. */
export function titleOf({ storage }: Pick<Intent, "storage">, node: NodeId): string {
  const found = findNode(storage, node);
  const below = found === null ? null : onlyBelow(storage, node);
  for (const one of [found, below]) {
    if (one?.holds.kind === "lvm-lv") return one.holds.name;
    if (one?.holds.kind === "md") return `RAID ${one.holds.name}`;
    if (one?.holds.kind === "partition")
      return `disk ${diskNumberOf(one.id) ?? "?"}, partition ${one.holds.number}`;
  }
  const disk = diskNumberOf(node);
  return disk === null ? node : `disk ${disk}`;
}
