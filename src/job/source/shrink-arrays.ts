// SPDX-License-Identifier: Apache-2.0
// Arrays whose other mirrors are left out have fewer members from now on: told to their superblocks, on the overlay.
import { open } from "node:fs/promises";
import { type BlockView, contiguousExtent, diskNumberOf } from "../../core/index.ts";
import { readFewerMembers } from "../../inspect/index.ts";
import type { FewerDisks } from "./mirrors.ts";

/** On the views of the members that stay, before anything is attached above them. */
export async function shrinkArrays(
  { arrays, storage }: Pick<FewerDisks, "arrays" | "storage">,
  views: readonly BlockView[],
): Promise<void> {
  for (const { members } of arrays)
    for (const [place, id] of members.entries()) {
      const extent = contiguousExtent(storage, id);
      if (extent.kind !== "extent") throw new Error(`${id} does not lie on one disk: ${extent.why}`);
      const number = diskNumberOf(extent.disk);
      const view = views.find(({ disk }) => disk.number === number);
      if (view === undefined) throw new Error(`${id} lies on no view`);
      const fewer = await readFewerMembers(view.path, extent, { place, count: members.length });
      if (fewer !== null) await writeAt(view.path, fewer);
    }
}

async function writeAt(
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(bytes, 0, bytes.length, offset);
  await file.sync();
}
