// SPDX-License-Identifier: Apache-2.0
// convert owns what changes inside a guest: steps that propose, one place that applies. It never writes a source disk.
export { applyChanges, undoChanges } from "./apply/apply.ts";
export { openBlobs } from "./apply/blobs.ts";
export { DESK_STEPS, deskTools } from "./propose/desk.ts";
export { chrootTools } from "./guest-tools/chroot.ts";
export { keepBuilt, usePrepared } from "./guest-tools/prepared.ts";
export { kernelArguments } from "./loaders/kernel-arguments.ts";
export { type ExplainedStep, explainSteps, skipAllBut } from "./propose/explain.ts";
export { showChanges } from "./diff/diff.ts";
export { type Extras as DriverExtras, NO_EXTRAS } from "./drivers/extras.ts";
export { propose, type ProposeOptions } from "./propose/propose.ts";
export type { Proposal } from "./steps/draft.ts";
export { CONVERSION_STEPS } from "./steps/list.ts";
export type { Built, BuildRequest, FreeSpace, GuestTools } from "./guest-tools/tools.ts";
export { readInitramfs, type Initramfs, type InitramfsEntry } from "./initramfs/read.ts";
export type { Blobs } from "../core/index.ts";
export { sameState } from "./apply/merge.ts";
// What the chain reads with.
export { efiArch, efiPath, listNames, readLoader } from "./efi/tree.ts";
export { unifiedCmdline, unifiedInitramfs, unifiedRelease } from "./efi/uki.ts";
export { modulesInside, neededModules } from "./initramfs/check.ts";
export { needsEarlyNetwork } from "./initramfs/early-network.ts";
export { readEmulated } from "./initramfs/emulated.ts";
export { type Modules, readModules } from "./initramfs/modules.ts";
export { CutOffError, MAX_INITRAMFS_BYTES } from "./initramfs/read.ts";
