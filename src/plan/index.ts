// SPDX-License-Identifier: Apache-2.0
// plan owns the decisions: answers and what was found become an Intent, a VM and problems. Pure; it touches nothing.
export * from "./answers.ts";
export * from "./destination-fit.ts";
export * from "./estimate.ts";
export * from "./firmware.ts";
export * from "./host-fit.ts";
export * from "./intent.ts";
export * from "./network/nics.ts";
export * from "./network/nics-of-machine.ts";
export * from "./place.ts";
export * from "./preview.ts";
export * from "./redefine-fit.ts";
export * from "./support.ts";
export * from "./vm.ts";
export * from "./xen.ts";
