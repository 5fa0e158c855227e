// SPDX-License-Identifier: Apache-2.0
// A /usr of its own that no line of fstab mounts: the initramfs does, by `mount.usr=` of the kernel's command line
// (dracut.cmdline(7), systemd-fstab-generator(8)), or by the type of its partition (systemd-gpt-auto-generator(8)).
import {
  type BlockGraph,
  type DiskNames,
  findNode,
  findSpec,
  type GuestView,
  type Mount,
  type NodeId,
} from "../../core/index.ts";
import { isDirectory } from "../../system/index.ts";
import { readMenuWords } from "./boot-roots.ts";

/** /usr of x86-64, x86, ARM 64 bits (Discoverable Partitions Specification, UAPI.2). */
const USR_TYPES: ReadonlySet<string> = new Set([
  "8484680c-9521-48c6-9c11-b0720656f69e",
  "75250d76-8cc6-458e-bd66-bd47cc81a812",
  "b0e01050-ee5f-4390-949a-9101b17104e9",
]);

type Known = { readonly graph: BlockGraph; readonly names: DiskNames; readonly root: NodeId };

/** null: it is no volume of its own, fstab mounts it, or it is on none of the disks. */
export async function findUsrMount(
  view: GuestView,
  mounts: readonly Mount[],
  { graph, names, root }: Known,
): Promise<Mount | null> {
  if (mounts.some(({ path }) => path === "/usr") || !(await isEmptyThere(view))) return null;
  const [spec = ""] = await readMenuWords(view, "mount.usr");
  if (spec !== "") {
    const [options = "defaults"] = await readMenuWords(view, "mount.usrflags");
    const node = findSpec(graph, spec, names);
    return node === null ? null : { path: "/usr", spec, type: typeOf(graph, node), options, node };
  }
  const found = usrPartitions(graph).filter((id) => id !== root);
  const [node, ...more] = found;
  const holds = node === undefined || more.length > 0 ? null : findNode(graph, node)?.holds;
  if (node === undefined || holds?.kind !== "filesystem") return null;
  return { path: "/usr", spec: `UUID=${holds.uuid}`, type: holds.type, options: "defaults", node };
}

/** Nothing is in it: another volume is mounted there. */
async function isEmptyThere(view: GuestView): Promise<boolean> {
  return (await isDirectory(view, "/usr")) && (await view.list("/usr")).length === 0;
}

function typeOf(graph: BlockGraph, node: NodeId): string {
  const holds = findNode(graph, node)?.holds;
  return holds?.kind === "filesystem" ? holds.type : "auto";
}

function usrPartitions(graph: BlockGraph): readonly NodeId[] {
  const isUsr = (id: NodeId): boolean => {
    const holds = findNode(graph, id)?.holds;
    return holds?.kind === "partition" && USR_TYPES.has(holds.type.toLowerCase());
  };
  return graph.nodes.flatMap(({ id, holds }) =>
    holds.kind === "filesystem" && graph.edges.some(({ from, to }) => from === id && isUsr(to)) ? [id] : [],
  );
}
