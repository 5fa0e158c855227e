// SPDX-License-Identifier: Apache-2.0
// A whole system for conversion goldens: what no tree in git can hold (links, programs, kernels) and its disks, from a
// short description. Inspection finds everything else.
import { gzipSync } from "node:zlib";
import type {
  BlockEdge,
  BlockGraph,
  BlockNode,
  BootCode,
  GuestOS,
  Holds,
  Intent,
} from "../../../src/core/index.ts";
import { inspectGuest, readMounts } from "../../../src/inspect/index.ts";
import { type MemoryFile, memoryView } from "../../../src/system/index.ts";
import { MODULES, testIntent } from "./sample-guest.ts";
import { cpioOf } from "../cpio.ts";

type Content =
  | { readonly type: string; readonly uuid: string; readonly label?: string }
  | { readonly swap: string; readonly label?: string };
type Part = Content | { readonly pv: string; readonly volumes: readonly (Content & { name: string })[] };

export type SystemCase = {
  /** `uuid` of the file system of `/`. */
  readonly root: string;
  readonly disks: readonly {
    readonly table?: "gpt";
    readonly serial?: string;
    readonly parts: readonly Part[];
  }[];
  /** Releases, with their image and initramfs. */
  readonly kernels: Readonly<Record<string, readonly [image: string, initramfs: string]>>;
  /** Of these, those without virtio and Xen's front ends: they have what QEMU emulates. */
  readonly lame?: readonly string[];
  /** Empty files that must be there: programs, modules of X. */
  readonly programs: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  /** e_machine of ELF; default x86-64. */
  readonly machine?: number;
};

export async function makeSystem(
  system: SystemCase,
  tree: Readonly<Record<string, Buffer>>,
): Promise<{ files: Record<string, MemoryFile>; guest: GuestOS; intent: Intent }> {
  const files: Record<string, MemoryFile> = { ...tree, "/bin/sh": elf(system.machine ?? 62) };
  for (const [path, content] of Object.entries(tree))
    if (path.endsWith(".nmconnection")) files[path] = { content, mode: 0o600 }; // git keeps no such mode
  for (const path of system.programs) files[path] = "";
  for (const [path, link] of Object.entries(system.links ?? {})) files[path] = { link };
  for (const [version, [image, initramfs]] of Object.entries(system.kernels)) {
    files[image] = "kernel";
    files[initramfs] = { content: gzipSync(cpioOf({ init: "#!/bin/sh\n" })), mode: 0o600 };
    const modules = system.lame?.includes(version) === true ? EMULATED : MODULES;
    files[`/lib/modules/${version}/modules.dep`] = modules
      .map((name) => `kernel/drivers/${name}.ko:\n`)
      .join("");
    files[`/lib/modules/${version}/modules.builtin`] = FILE_SYSTEMS;
  }
  const graph = makeGraph(system);
  const root = graph.nodes.find(({ holds }) => holds.kind === "filesystem" && holds.uuid === system.root)?.id;
  if (root === undefined) throw new Error(`No file system ${system.root}`);
  const view = memoryView(files);
  const { mounts, names } = await readMounts(view, { graph, root: root });
  const guest = await inspectGuest(view, { rootNode: root, mounts, names, usedBytes: 10 ** 9 });
  const nics = guest.network.flatMap(({ name, mac }) =>
    mac === null ? [] : [{ name, mac, origin: "guest" as const }],
  );
  const storage = { ...graph, nodes: graph.nodes.map((node) => withBootCode(node, guest.loader)) };
  return { files, guest, intent: { ...testIntent({ storage }), nics } };
}

/** The first disk starts the loader whose menu is there, as on any machine that ran. */
function withBootCode(node: BlockNode, loader: GuestOS["loader"]): BlockNode {
  if (node.id !== "disk:1" || node.holds.kind !== "disk") return node;
  const boot: BootCode | null =
    loader === "grub2" || loader === "grub-legacy"
      ? { kind: loader, core: true }
      : loader === "extlinux"
        ? { kind: "syslinux" }
        : null;
  return boot === null ? node : { ...node, holds: { ...node.holds, boot } };
}

const EMULATED = ["ata_piix", "ahci", "sd_mod", "e1000"];

const FILE_SYSTEMS = ["ext3", "ext4", "xfs", "btrfs"]
  .map((name) => `kernel/fs/${name}/${name}.ko\n`)
  .join("");

function elf(machine: number): Buffer {
  const head = Buffer.alloc(20);
  head.write("\u007fELF\u0002\u0001", "latin1");
  head.writeUInt16LE(machine, 18);
  return head;
}

function makeGraph({ disks }: SystemCase): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockEdge[] = [];
  const add = (id: string, holds: Holds, below: string | null): string => {
    nodes.push({ id, path: "disk.img", sizeBytes: 2 ** 30, sectorBytes: 512, holds });
    if (below !== null) edges.push({ from: id, to: below, map: null });
    return id;
  };
  const fill = (content: Content, below: string): void => {
    const label = content.label ?? null;
    if ("swap" in content)
      add(`${below}/swap`, { kind: "swap", uuid: content.swap, label, hibernated: false }, below);
    else add(`${below}/fs`, { kind: "filesystem", type: content.type, uuid: content.uuid, label }, below);
  };
  for (const [index, { table = "mbr", serial = null, parts }] of disks.entries()) {
    const disk = add(`disk:${index + 1}`, { kind: "disk", serial, model: "", table }, null);
    for (const [at, part] of parts.entries()) {
      const uuid = `0badcafe-${index}${at + 1}`;
      const holds: Holds = { kind: "partition", number: at + 1, type: "83", uuid, bootable: at === 0 };
      const id = add(`${disk}/part:${at + 1}`, holds, disk);
      if (!("pv" in part)) {
        fill(part, id);
        continue;
      }
      const pv = add(`${id}/pv`, { kind: "lvm-pv", uuid: `pv-${id}` }, id);
      for (const { name, ...content } of part.volumes)
        fill(
          content,
          add(
            `lv:${part.pv}/${name}`,
            { kind: "lvm-lv", uuid: `lv-${name}`, name: `${part.pv}/${name}` },
            pv,
          ),
        );
    }
  }
  return { nodes, edges };
}
