// SPDX-License-Identifier: Apache-2.0
// What the vendor wrote into the firmware about the machine. Placeholders that vendors forgot there are no facts.
import { type Dmi, type Known, known, unknown } from "../../core/index.ts";
import type { Sysroot } from "./sysroot.ts";
import { parseName } from "./text.ts";

const DIRECTORY = "/sys/class/dmi/id";

/** Serial and UUID are readable by root only; null then, as where the vendor left them out. */
export async function readDmi(sysroot: Sysroot): Promise<Known<Dmi>> {
  if ((await sysroot.list(DIRECTORY)) === null) return unknown(`there is no ${DIRECTORY}`);
  const read = async (name: string): Promise<string | null> =>
    parseDmi(await sysroot.text(`${DIRECTORY}/${name}`));
  return known({
    vendor: await read("sys_vendor"),
    product: await read("product_name"),
    serial: await read("product_serial"),
    uuid: parseDmiUuid(await sysroot.text(`${DIRECTORY}/product_uuid`)),
    biosVersion: await read("bios_version"),
  });
}

const PLACEHOLDER =
  /^(to be filled( by o\.?e\.?m\.?)?|(system|base ?board|chassis)[ -](serial[ -]number|product[ -]name|manufacturer|version)|o\.?e\.?m\.?|default( string)?|not (specified|available|applicable|present|settable|provided)|none|n\/?a|null|undefined|unknow[n]?|invalid|empty|sn|serial(number| number)?|product name|xxx+|\.+|[-_*#x ]+|0+|f{6,}|0?123456789(0|abcdef)?|empty string|no asset (tag|information))\.?$/i;

/** null for nothing and for placeholders. */
export function parseDmi(text: string | null): string | null {
  const name = parseName(text);
  return name === null || PLACEHOLDER.test(name) ? null : name;
}

/** UUIDs that boards of many vendors share. */
const SHARED_UUIDS: ReadonlySet<string> = new Set([
  "03000200-0400-0500-0006-000700080009",
  "00020003-0004-0005-0006-000700080009",
  "12345678-1234-5678-90ab-cddeefaabbcc",
]);

/** Lower case; null for all zeros, all ones and UUIDs that are shared. */
export function parseDmiUuid(text: string | null): string | null {
  const uuid = text?.trim().toLowerCase() ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return null;
  return /^[0-]+$/.test(uuid) || /^[f-]+$/.test(uuid) || SHARED_UUIDS.has(uuid) ? null : uuid;
}
