// SPDX-License-Identifier: Apache-2.0
// overlay owns the writable view above a disk that is never written, and the volumes and mounts on it.
export * from "./check-volume.ts";
export { isTooNew } from "./filesystem-state.ts";
export * from "./leftovers.ts";
export * from "./mounting/mount-guest.ts";
export * from "./open.ts";
export { devicesBeside } from "./volumes/beside.ts";
export * from "./volumes/volumes.ts";
export * from "./save-overlay.ts";
export { isQcow2, type ShownImage, showQcow2 } from "./show-qcow2.ts";
