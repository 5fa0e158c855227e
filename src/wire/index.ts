// SPDX-License-Identifier: Apache-2.0
// wire owns the messages between sender and agent, their framing, and the grid both count in. It opens no file.
export * from "./channel.ts";
export * from "./codec.ts";
export * from "./entries.ts";
export * from "./grid.ts";
export * from "./join.ts";
export * from "./messages.ts";
export * from "./names.ts";
export * from "./root.ts";
export * from "./slots.ts";
