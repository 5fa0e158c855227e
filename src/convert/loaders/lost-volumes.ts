// SPDX-License-Identifier: Apache-2.0
// Words that make an initramfs wait for a volume: where it is on no given disk, they are taken out. dracut waits for each, and
// opens an emergency shell then, whatever the volume was for (dracut.cmdline(7); its parse-lvm.sh, parse-md.sh, parse-crypt.sh).
// The root was found on the given disks, so it is none of these. Pure.
import { editWords } from "../text/kernel-words.ts";
import type { Thing, Volumes } from "../names/volumes.ts";

/** The second names are those of dracut before 2012 (RHEL 6), the third those of systemd. */
const THINGS: Readonly<Record<string, (value: string) => Thing | null>> = {
  "rd.lvm.lv": volume,
  rd_LVM_LV: volume,
  "rd.lvm.vg": group,
  rd_LVM_VG: group,
  "rd.md.uuid": array,
  rd_MD_UUID: array,
  "rd.luks.uuid": luks,
  rd_LUKS_UUID: luks,
  "luks.uuid": luks,
  "rd.luks.name": (value) => luks(value.split("=", 1)[0] ?? ""),
  "luks.name": (value) => luks(value.split("=", 1)[0] ?? ""),
  "rd.luks.partuuid": (value) => ({ kind: "device", spec: `PARTUUID=${value.replace(/^luks-/, "")}` }),
};

export type WithoutLost = {
  readonly text: string;
  /** Words for what is not seen, and may lie where nobody can look (an encrypted volume without its key): they stay. */
  readonly unseen: readonly string[];
};

export function withoutLostVolumes(text: string, volumes: Pick<Volumes, "lacks" | "sees">): WithoutLost {
  const unseen: string[] = [];
  const edited = editWords(text, Object.keys(THINGS), (key, value) => {
    const thing = THINGS[key]?.(value) ?? null;
    if (thing === null || volumes.sees(thing)) return `${key}=${value}`;
    if (volumes.lacks(thing)) return null;
    unseen.push(`${key}=${value}`);
    return `${key}=${value}`;
  });
  return { text: edited, unseen };
}

function volume(value: string): Thing | null {
  return /^[^/]+\/[^/]+$/.test(value) ? { kind: "device", spec: `/dev/${value}` } : null;
}

function group(name: string): Thing {
  return { kind: "group", name };
}

function array(uuid: string): Thing | null {
  return /^[0-9a-f:-]{32,40}$/i.test(uuid) ? { kind: "array", uuid } : null;
}

/** `luks-UUID` too, or the beginning of the UUID alone. */
function luks(value: string): Thing | null {
  const uuid = value.replace(/^luks-/, "");
  return /^[0-9a-f-]{4,36}$/i.test(uuid) ? { kind: "luks", uuid } : null;
}
