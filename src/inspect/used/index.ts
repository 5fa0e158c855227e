// SPDX-License-Identifier: Apache-2.0
// used tells which bytes of the disks must be sent: all but those that a file system, swap or LVM calls free.
export { readUsedMaps, type UsedMaps } from "./used.ts";
