// SPDX-License-Identifier: Apache-2.0
// Which page can mend what went wrong. Pure.
import { UserError } from "../../core/index.ts";
import type { PageName } from "./page.ts";

const BY_CODE: readonly (readonly [RegExp, PageName])[] = [
  [/^destination-(exists|in-use|busy)|^name-|^memory-|^vcpus-|^nic-|^network-|^format-|^hypervisor-/, "vm"],
  [/^host-key|^ssh-host-key/, "host-key"],
  [/^identity-|login|^password/, "login"],
  [/^luks-/, "encryption"],
  [/^destination-/, "host"],
];

const BY_AREA: Readonly<Partial<Record<UserError["area"], PageName>>> = {
  host: "host",
  destination: "host",
  source: "disks",
  conversion: "disks",
};

/** `vm` where nothing tells: all pages are within reach from there. */
export function mendingPage(error: unknown): PageName {
  if (!(error instanceof UserError)) return "vm";
  return BY_CODE.find(([pattern]) => pattern.test(error.code))?.[1] ?? BY_AREA[error.area] ?? "vm";
}
