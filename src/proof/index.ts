// SPDX-License-Identifier: Apache-2.0
// proof owns the claim on a source disk, and how far that disk is proven unchanged. It never writes to a source.
export { SET_READ_ONLY_FILE } from "./counters.ts";
export { findDifferences } from "./hash-source.ts";
export * from "./proof.ts";
export { frameRanges } from "./ranges.ts";
export { SegmentLog } from "./segment-log.ts";
export { claimSource, findWriter } from "./source-claim.ts";
