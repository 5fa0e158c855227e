// SPDX-License-Identifier: Apache-2.0
// cutover: a running server is replaced by the live system, in memory.
export { arrive, depart, noteIdentity } from "./after/arrive.ts";
export * from "./cutover.ts";
export { hasLeft } from "./after/leave-network.ts";
export { measureDowntime } from "./mark.ts";
export { type CutoverNote, readNote } from "./note.ts";
