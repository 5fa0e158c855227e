// SPDX-License-Identifier: Apache-2.0
// Whether the hardware clock keeps UTC or local time, as hwclock left it written.
import { type Known, known, unknown } from "../../core/index.ts";
import type { Sysroot } from "./sysroot.ts";

/** Of the system that runs now: on a live medium that is not the installed one, and it knows nothing. */
export async function readClock(sysroot: Sysroot): Promise<Known<"utc" | "local">> {
  const text = await sysroot.text("/etc/adjtime");
  if (text === null) return unknown("there is no /etc/adjtime");
  const clock = parseAdjtime(text);
  return clock === null ? unknown("/etc/adjtime does not say it") : known(clock);
}

/** adjtime_config(5): the third line is UTC or LOCAL. */
export function parseAdjtime(text: string): "utc" | "local" | null {
  const word = text.split("\n", 3)[2]?.trim().toUpperCase();
  return word === "UTC" ? "utc" : word === "LOCAL" ? "local" : null;
}
