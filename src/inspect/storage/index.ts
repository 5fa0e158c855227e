// SPDX-License-Identifier: Apache-2.0
// storage reads by content what is on the given disks or images.
export { type FilesAt, filesAt } from "./files-at.ts";
export { type DiskGraph, readDiskGraph } from "./graph.ts";
export { type LeftOut, leaveOutCopies, leaveOutMirrors } from "./md/left-out.ts";
export { type MemberPlace, readFewerMembers } from "./md/fewer.ts";
export { openSourceDisk } from "./source.ts";
