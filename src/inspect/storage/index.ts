// SPDX-License-Identifier: Apache-2.0
// storage reads by content what is on the given disks or images, and which of their bytes must be sent.
export { type FilesAt, filesAt } from "./files-at.ts";
export { type DiskGraph, readDiskGraph } from "./graph.ts";
export { type LeftOut, leaveOutMirrors } from "./left-out.ts";
export { type MemberPlace, readFewerMembers } from "./md-fewer.ts";
export { refuseMounted } from "./in-use.ts";
export { openSourceDisk } from "./source.ts";
export { readUsedMaps, type UsedMaps } from "./used.ts";
