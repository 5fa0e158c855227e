// SPDX-License-Identifier: Apache-2.0
// Text that a terminal may be given: control characters may come from a guest or a remote host, and it must not obey them.
import { shown } from "../../core/index.ts";

/** `?` for each control character but tab and line feed, and for those that turn the direction of writing. */
export function plain(text: string): string {
  return shown(text, { lines: true });
}

/** JSON without any: JSON.stringify() leaves the ones above U+007E as they are. */
export function renderJson(value: unknown, indent?: number): string {
  const escaped = (unit: string): string =>
    shown(unit, { lines: true }) === unit ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, null, indent).replace(/[^\n -~]/g, escaped);
}
