// SPDX-License-Identifier: Apache-2.0
// iso owns the live medium: its recipe (livecd/), its build, its layout. It never touches a disk of this machine.
export * from "./build.ts";
export { attachToIso, type AttachedIso } from "./attach.ts";
export { type HomeOptions, REPOSITORY, writeHome } from "./home.ts";
export { writePxeTree } from "./pxe.ts";
export { writeKickstart } from "./kickstart.ts";
export { type LiveParts, openLiveParts } from "./live-parts.ts";
