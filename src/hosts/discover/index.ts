// SPDX-License-Identifier: Apache-2.0
// discover owns the question what a host is, and the reading of its answer.
export { discoverHost } from "./discover.ts";
export { parseHostFacts } from "./facts.ts";
