// SPDX-License-Identifier: Apache-2.0
// Which page can fix what went wrong. Pure.
import { type ProblemCode, UserError } from "../../core/index.ts";
import type { PageName } from "./page.ts";

/** Where it is another page than that of the area. */
const BY_CODE: Readonly<Partial<Record<ProblemCode, PageName>>> = {
  "destination-exists": "vm",
  "destination-in-use": "vm",
  "destination-busy": "vm",
  "to-wrong": "host",
  "host-key-unknown": "host-key",
  "host-key-changed": "host-key",
  "host-key-missing": "host-key",
  "host-login-refused": "login",
  "identity-missing": "login",
  "identity-wrong": "login",
  "identity-not-fetched": "login",
  "luks-key-wrong": "encryption",
  "luks-open-failed": "encryption",
  "luks-volume-missing": "encryption",
  "root-unclear": "system",
  "network-card-missing": "network-links",
};

const BY_AREA: Readonly<Partial<Record<UserError["area"], PageName>>> = {
  host: "host",
  destination: "host",
  source: "disks",
  conversion: "disks",
};

/** `vm` where nothing tells: all pages are within reach from there. */
export function pageToFix(error: unknown): PageName {
  if (!(error instanceof UserError)) return "vm";
  return BY_CODE[error.code] ?? BY_AREA[error.area] ?? "vm";
}
