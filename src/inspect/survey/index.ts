// SPDX-License-Identifier: Apache-2.0
// survey reads what the collector gathered on a running server: hostile input, never written anywhere.
export { collectHere } from "./collect-here.ts";
export { readCollector } from "./collector.ts";
export { estimateUsage, findRootNode, numberDisks, type NumberedDisks, type Usage } from "./disks.ts";
export type { Space } from "./space.ts";
export { readSurvey, type Survey } from "./survey.ts";
export { writeTar } from "./write-tar.ts";
