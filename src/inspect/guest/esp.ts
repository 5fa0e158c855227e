// SPDX-License-Identifier: Apache-2.0
// The EFI system partition: where fstab mounts it, or where systemd would (systemd-gpt-auto-generator(8)).
import type { BlockGraph, GuestView, Mount } from "../../core/index.ts";
import { isDirectory } from "../../system/index.ts";

/** UEFI specification 5.3: the GUID in GPT, and the byte of an MBR. */
const ESP_TYPES: ReadonlySet<string> = new Set(["c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ef"]);

/** A mount for the first EFI system partition, where none of `mounts` is one. null: none is missing, or there is no place. */
export async function findEspMount(
  view: GuestView,
  mounts: readonly Mount[],
  graph: BlockGraph,
): Promise<Mount | null> {
  const nodes = espFileSystems(graph);
  const [first] = nodes;
  if (first === undefined || mounts.some(({ node }) => nodes.some(({ id }) => id === node))) return null;
  const path = await mountPoint(view, mounts);
  if (path === null || first.holds.kind !== "filesystem") return null;
  return { path, spec: `UUID=${first.holds.uuid}`, type: "vfat", options: "noauto", node: first.id };
}

function espFileSystems(graph: BlockGraph): readonly BlockGraph["nodes"][number][] {
  const isEsp = (id: string): boolean => {
    const holds = graph.nodes.find((node) => node.id === id)?.holds;
    return holds?.kind === "partition" && ESP_TYPES.has(holds.type.toLowerCase());
  };
  return graph.nodes.filter(
    ({ id, holds }) =>
      holds.kind === "filesystem" &&
      holds.type === "vfat" &&
      graph.edges.some((edge) => edge.from === id && isEsp(edge.to)),
  );
}

/** An empty directory that is meant for it. What lies on a /boot of its own is not seen here: there it is /boot/efi. */
async function mountPoint(view: GuestView, mounts: readonly Mount[]): Promise<string | null> {
  const taken = (path: string): boolean => mounts.some((one) => one.path === path);
  const candidates = ["/efi", "/boot/efi", "/boot"].filter((path) => !taken(path));
  for (const path of candidates) {
    if (!(await isDirectory(view, path))) continue;
    if ((await view.list(path)).length === 0) return path;
  }
  return taken("/boot") && !taken("/boot/efi") ? "/boot/efi" : null;
}
