// SPDX-License-Identifier: Apache-2.0
// core owns the vocabulary of the project and the algebra of extents. It imports nothing and touches nothing.
export * from "./change.ts";
export * from "./change-groups.ts";
export * from "./cpu-level.ts";
export * from "./storage/crypt.ts";
export * from "./storage/crypttab.ts";
export * from "./definition.ts";
export * from "./storage/device-name.ts";
export * from "./storage/device-spec.ts";
export * from "./storage/devices.ts";
export * from "./errors.ts";
export * from "./event.ts";
export * from "./bytes/extent.ts";
export * from "./storage/graph.ts";
export * from "./storage/node-id.ts";
export * from "./guest.ts";
export * from "./host-facts.ts";
export * from "./machine.ts";
export * from "./network.ts";
export * from "./plan.ts";
export * from "./ports.ts";
export * from "./bytes/range.ts";
export * from "./report.ts";
export * from "./bytes/units.ts";
export * from "./vm.ts";
export * from "./bytes/weave.ts";
