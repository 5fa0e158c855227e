// SPDX-License-Identifier: Apache-2.0
// guest reads what is installed, from a mounted system's own files; it changes nothing.
import type { DiskNames, GuestOS, GuestView, Kernel, Mount, NodeId } from "../../core/index.ts";
import { readIdentity } from "./identity.ts";
import { readKernels } from "./kernels.ts";
import { readBootMenu } from "./loader.ts";
import { readCloudInit } from "./network/cloud-init.ts";
import { readGuestNetwork } from "./network/index.ts";

export { type BootLine, readBootLines } from "./boot-lines.ts";
export { parseFstab } from "./fstab-lines.ts";
export { readMenuRoots, readStartedUuids } from "./boot-roots.ts";
export { looksLikeRoot, readIdentity } from "./identity.ts";
export { isTransactional, type Layout, readLayout } from "./layouts.ts";
export { moduleNames } from "./kernels.ts";
export { readMounts } from "./mounts.ts";
export { readCloudInit } from "./network/cloud-init.ts";
export type { Surroundings } from "./network/conditions.ts";
export { type DefaultRoute, readDefaultRoutes, rivalsOf } from "./network/default-routes.ts";
export { readGuestInterfaces, type Unused } from "./network/index.ts";
export { readAutomatic } from "./network/others/index.ts";
export { isPhysicalName } from "./network/source.ts";
export { readNetworkSetup, withGuestNames } from "./network/setup/index.ts";

type Found = {
  readonly rootNode: NodeId;
  readonly mounts: readonly Mount[];
  readonly names: DiskNames;
  readonly usedBytes: number;
};

/** All that later phases need to know of the system whose tree `view` shows. */
export async function inspectGuest(
  view: GuestView,
  { rootNode, mounts, names, usedBytes }: Found,
): Promise<GuestOS> {
  const menu = await readBootMenu(view);
  const identity = await readIdentity(view);
  const kernels = await readKernels(view, { menu, family: identity.family });
  const cloudInit = await readCloudInit(view);
  return {
    ...identity,
    arch: archOf(identity.arch, kernels),
    root: rootNode,
    mounts,
    names,
    loader: menu.loader,
    kernels,
    ...(await readGuestNetwork(view)),
    ...(cloudInit === null ? {} : { cloudInit }),
    usedBytes,
  };
}

/** The kernels alone, for a guest that got more of them. */
export async function findKernels(view: GuestView): Promise<readonly Kernel[]> {
  const { family } = await readIdentity(view);
  return await readKernels(view, { menu: await readBootMenu(view), family });
}

/** A 64-bit kernel under 32-bit programs needs a 64-bit machine. */
function archOf(programs: string, kernels: readonly Kernel[]): string {
  const needs64 = kernels.some(({ version }) => /[-.](?:amd64|x86_64)$/.test(version));
  return programs === "i686" && needs64 ? "x86_64" : programs;
}
