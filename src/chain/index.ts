// SPDX-License-Identifier: Apache-2.0
// chain owns the judgment whether a VM boots: it walks the result from firmware to network, link by link. It changes nothing.
export { walkChain } from "./walk.ts";
