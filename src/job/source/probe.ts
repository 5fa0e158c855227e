// SPDX-License-Identifier: Apache-2.0
// The boot probe, written into throw-away layers above the sealed views: what these hold is sent to the host.
import type { BlockLayer, Emit, OpenedCrypt, Plan, SealedView } from "../../core/index.ts";
import { attachVolumes, mountGuest } from "../../overlay/index.ts";
import { imageFile } from "../../plan/index.ts";
import { installProbe, probeFiles } from "../../vm/index.ts";
import { mountPoints } from "./mount-points.ts";

/** `qcow2Path` holds only what the layer changed above the image `file`. */
export type ProbeLayer = { readonly file: string; readonly qcow2Path: string };

type Options = {
  readonly plan: Plan;
  readonly sealed: readonly SealedView[];
  /** LUKS volumes that the root may lie in. */
  readonly opened: readonly OpenedCrypt[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** One layer per disk; none where there is no guest, no boot check, or no probe that its init would start. */
export async function makeProbeLayers({
  plan,
  sealed,
  opened,
  signal,
}: Options): Promise<readonly ProbeLayer[]> {
  const { guest, intent } = plan;
  const files = guest === null || !intent.bootCheck ? null : probeFiles(guest);
  if (guest === null || files === null) return [];
  const layers: BlockLayer[] = [];
  for (const view of sealed) layers.push(await view.layer({ signal }));
  {
    const views = sealed.map(({ disk }, index) => ({ disk, path: layers[index]?.path ?? "" }));
    await using volumes = await attachVolumes({
      graph: intent.storage,
      views,
      opened,
      readOnly: false,
      signal,
    });
    const holds = intent.storage.nodes.find((node) => node.id === guest.root)?.holds;
    const type = holds?.kind === "filesystem" ? holds.type : "ext4";
    const options = guest.mounts.find((mount) => mount.path === "/")?.options ?? "";
    await using tree = await mountGuest({
      volumes,
      root: { node: guest.root, type, options },
      mounts: mountPoints(guest.mounts),
      readOnly: false,
      signal,
    });
    if (!(await installProbe(tree.directory, files))) return [];
  }
  const made: ProbeLayer[] = [];
  for (const [index, layer] of layers.entries()) {
    const { qcow2Path } = await layer.finish({ signal });
    made.push({
      file: imageFile(intent.name, sealed[index]?.disk.number ?? index + 1, intent.format),
      qcow2Path,
    });
  }
  return made;
}
