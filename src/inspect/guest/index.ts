// SPDX-License-Identifier: Apache-2.0
// guest reads what is installed, from a mounted system's own files; it changes nothing.
import type { BlockGraph, GuestOS, GuestView, Mount, NodeId } from "../../core/index.ts";
import { readIdentity } from "./identity.ts";
import { readKernels } from "./kernels.ts";
import { readBootMenu } from "./loader.ts";
import { readGuestInterfaces } from "./network/index.ts";

export { parseFstab, readMounts } from "./fstab.ts";
export { looksLikeRoot } from "./identity.ts";
export { moduleNames } from "./kernels.ts";
export { readGuestInterfaces } from "./network/index.ts";

type Found = {
  readonly rootNode: NodeId;
  readonly mounts: readonly Mount[];
  readonly usedBytes: number;
  readonly graph: BlockGraph;
};

/** All that later phases need to know of the system whose tree `view` shows. */
export async function inspectGuest(
  view: GuestView,
  { rootNode, mounts, usedBytes }: Found,
): Promise<GuestOS> {
  const menu = await readBootMenu(view);
  return {
    ...(await readIdentity(view)),
    root: rootNode,
    mounts,
    loader: menu.loader,
    kernels: await readKernels(view, menu),
    network: await readGuestInterfaces(view),
    usedBytes,
  };
}
