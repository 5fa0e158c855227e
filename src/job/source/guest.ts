// SPDX-License-Identifier: Apache-2.0
// The installed system on the overlay: file systems checked, the root found, everything of it mounted.
import type { GuestOS, GuestView, Mount, Problem } from "../../core/index.ts";
import { inspectGuest, isTransactional } from "../../inspect/index.ts";
import { bytesUsed, mountGuest } from "../../overlay/index.ts";
import { directoryView } from "../../system/index.ts";
import { readOnlyRoot } from "./by-images.ts";
import { attach, type OverlayContext } from "./file-systems.ts";
import { findRoot } from "./root/find-root.ts";
import { withSeenSubvolume } from "./root/root-places.ts";
import { mountPoints } from "./mount-points.ts";
import { withSkipped } from "./skipped.ts";
import { readSubvolumes, withMounted } from "./root/subvolumes.ts";

export type MountedGuest = AsyncDisposable & {
  readonly os: GuestOS;
  readonly view: GuestView;
  readonly directory: string;
};

/**
 * Mounts the root of the installed system, and below it what its fstab names.  `guest` null: there is none. `wanted`: which file system
 * it is, where somebody said so.
 */
export async function findGuest(
  context: OverlayContext,
  { wanted }: { readonly wanted: string | null },
): Promise<{ readonly guest: MountedGuest | null; readonly problems: readonly Problem[] }> {
  const { signal } = context;
  const { root, subvolume, names, problems, ...read } = await findRoot(context, { wanted });
  if (root === null) return { guest: null, problems };
  await using opening = new AsyncDisposableStack();
  const volumes = opening.use(await attach(context, { readOnly: false }));
  const subvolumes = await readSubvolumes(
    volumes,
    [root.id, ...mountPoints(read.mounts).flatMap(({ node }) => node ?? [])],
    { signal },
  );
  const mounts = withSeenSubvolume(read.mounts, { node: root.id, subvolume, subvolumes });
  const tree = opening.use(
    await mountGuest({
      volumes,
      root: { node: root.id, type: root.holds.type, options: rootOptions(mounts) },
      mounts: mountPoints(mounts),
      readOnly: false,
      signal,
    }),
  );
  const view = directoryView(tree.directory);
  const usedBytes = await bytesUsed(tree.directory);
  const found = await inspectGuest(view, { rootNode: root.id, mounts, names, usedBytes });
  const os = {
    ...found,
    ...(subvolumes.length === 0 ? {} : { subvolumes: withMounted(subvolumes, mounts, tree.skipped) }),
    ...(subvolume === "" ? {} : { subvolume }),
  };
  const readOnly = (await isTransactional(view)) ? [readOnlyRoot(os)] : [];
  const resources = opening.move();
  return {
    guest: {
      os,
      view,
      directory: tree.directory,
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    },
    problems: [...withSkipped(problems, tree.skipped, { mounts, storage: context.storage }), ...readOnly],
  };
}

const rootOptions = (mounts: readonly Mount[]): string =>
  mounts.find((one) => one.path === "/")?.options ?? "";
