// SPDX-License-Identifier: Apache-2.0
// Configuration files that are as their package brought them: nobody wrote them for this machine. Debian's dpkg knows.
import { createHash } from "node:crypto";
import type { GuestView } from "../../core/index.ts";
import { readQuietly } from "../text/read-quietly.ts";

/** MD5 by path. */
export type Defaults = ReadonlyMap<string, string>;

const STATUS = "/var/lib/dpkg/status";
const MAX_BYTES = 32 * 2 ** 20;

export async function readDefaults(view: GuestView): Promise<Defaults> {
  return parseConffiles((await readQuietly(view, STATUS, { maxBytes: MAX_BYTES })) ?? "");
}

/** deb-status(5), the field Conffiles: a path and an MD5 on each line. Pure. */
export function parseConffiles(text: string): Defaults {
  const found = new Map<string, string>();
  for (const [, path = "", md5 = ""] of text.matchAll(
    /^ (\/\S{1,300}) ([0-9a-f]{32})(?: obsolete| remove-on-upgrade)*$/gm,
  ))
    found.set(path, md5);
  return found;
}

/** `text`: one character for each byte. */
export function isDefault(defaults: Defaults, path: string, text: string): boolean {
  const md5 = defaults.get(path);
  return md5 !== undefined && md5 === createHash("md5").update(Buffer.from(text, "latin1")).digest("hex");
}
