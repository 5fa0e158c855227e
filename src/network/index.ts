// SPDX-License-Identifier: Apache-2.0
// network owns the live system's own network: as on this server, by DHCP, or by hand; and whether it works.
export * from "./apply.ts";
export * from "./blink.ts";
export * from "./check.ts";
export * from "./place.ts";
export * from "./render.ts";
export * from "./running.ts";
