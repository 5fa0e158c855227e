// SPDX-License-Identifier: Apache-2.0
// core owns the vocabulary of the project and the algebra of extents. It imports nothing and touches nothing.
export * from "./change.ts";
export * from "./change-groups.ts";
export * from "./cpu-level.ts";
export * from "./crypt.ts";
export * from "./crypttab.ts";
export * from "./definition.ts";
export * from "./device-name.ts";
export * from "./device-spec.ts";
export * from "./devices.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./extent.ts";
export * from "./graph.ts";
export * from "./guest.ts";
export * from "./host-facts.ts";
export * from "./machine.ts";
export * from "./network.ts";
export * from "./plan.ts";
export * from "./ports.ts";
export * from "./range.ts";
export * from "./report.ts";
export * from "./units.ts";
export * from "./vm.ts";
export * from "./weave.ts";
