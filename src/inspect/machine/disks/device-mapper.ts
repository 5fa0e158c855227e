// SPDX-License-Identifier: Apache-2.0
// What a device-mapper volume is, by the UUID its maker gave it (`LVM-`, `CRYPT-`, `mpath-`, `part1-mpath-`, `DMRAID-`).

export type DmVolume =
  | { readonly kind: "lvm"; readonly uuid: string; readonly name: string; readonly internal: boolean }
  | { readonly kind: "crypt" | "multipath" | "dmraid" | "other" }
  | { readonly kind: "partition"; readonly number: number };

/** A UUID of LVM in its 32 characters becomes the text that lvs prints. */
function lvmUuid(raw: string): string {
  return [raw.slice(0, 6), ...[6, 10, 14, 18, 22].map((at) => raw.slice(at, at + 4)), raw.slice(26)].join(
    "-",
  );
}

/**
 * `vg--a-lv_b` is `vg-a/lv_b`: a dash inside a name is doubled (lvm2: lib/misc/lvm-string.c). A third part (`-real`,
 * `-cow`, `-tpool`) marks a layer of LVM's own. null where it is no such name.
 */
export function parseLvmName(name: string): string | null {
  const parts = name.replaceAll("--", "\0").split("-");
  const [group, volume] = parts.map((part) => part.replaceAll("\0", "-"));
  return group === undefined || volume === undefined || group === "" || volume === ""
    ? null
    : `${group}/${volume}`;
}

export function parseDmUuid(uuid: string, name: string): DmVolume {
  const [, lv, layer = ""] = /^LVM-[0-9A-Za-z]{32}([0-9A-Za-z]{32})(-\w+)?$/.exec(uuid) ?? [];
  if (lv !== undefined)
    return {
      kind: "lvm",
      uuid: lvmUuid(lv),
      name: parseLvmName(name) ?? name,
      internal:
        layer !== "" || /_(?:tdata|tmeta|cdata|cmeta|rimage_\d+|rmeta_\d+|mlog|mimage_\d+)$/.test(name),
    };
  const [, number] = /^part(\d{1,4})-/.exec(uuid) ?? [];
  if (number !== undefined) return { kind: "partition", number: Number(number) };
  if (uuid.startsWith("CRYPT-")) return { kind: "crypt" };
  if (uuid.startsWith("mpath-")) return { kind: "multipath" };
  return { kind: uuid.startsWith("DMRAID-") ? "dmraid" : "other" };
}
