// SPDX-License-Identifier: Apache-2.0
// Where the text of a unit of systemd names a device: What= of mounts and swaps, and units that are named after a device
// (dev-sda2.swap, systemd-fsck@dev-sda2.service). Pure.
import { isHardwareName } from "../../../core/index.ts";
import { linkOf, type Volumes } from "../../names/volumes.ts";
import { MAX_LINE, mapLines } from "../../text/lines.ts";
import { editSections } from "../../text/sections.ts";
import { escapePath, unescapePath } from "../../text/unit-names.ts";

export type UnitText = {
  readonly text: string;
  /** Devices that a line needs, and that no given disk has, or none that can be named. */
  readonly lost: readonly string[];
};

/** A stable path for what a name of this hardware means; null: there is none, or it is not known. */
export function stablePath(path: string, volumes: Volumes): string | null {
  const named = volumes.named(path);
  return named.kind === "volume" ? linkOf(named, volumes) : null;
}

const UNIT =
  /(?<![A-Za-z0-9_.:\\@/-])((?:[a-z][a-z-]{0,60}@)?)(dev-[A-Za-z0-9_.:\\-]{1,250}?)\.(device|swap|service)(?![A-Za-z0-9_.:\\@/-])/g;

/** The unit's name with a stable device in it; itself where it names none of this hardware; null: that device is lost. */
export function stableUnitName(name: string, volumes: Volumes): string | null {
  let lost = false;
  const edited = name.replace(UNIT, (whole: string, template: string, escaped: string, type: string) => {
    const path = unescapePath(escaped);
    if (type === "service" && template === "") return whole;
    if (!isHardwareName(path)) {
      // Elsewhere in /dev a name may be anything: /dev/net/tun, or a swap that crypttab makes at each boot.
      if (path.startsWith("/dev/disk/by-") && volumes.lacks({ kind: "device", spec: path })) lost = true;
      return whole;
    }
    const stable = stablePath(path, volumes);
    if (stable === null) lost = true;
    return stable === null ? whole : `${template}${escapePath(stable)}.${type}`;
  });
  return lost ? null : edited;
}

/** Keys that wait for what they name (systemd.unit(5)); an order alone (After=) waits for nothing. */
const NEEDS = /^[ \t]*(?:Requires|Requisite|BindsTo|Wants)[ \t]*=/;

export function editUnit(text: string, volumes: Volumes): UnitText {
  const lost: string[] = [];
  const what = editSections(text, ({ section, key, value }) => {
    if (key !== "What" || (section !== "Mount" && section !== "Swap") || !isHardwareName(value)) return null;
    const stable = stablePath(value, volumes);
    return stable === null ? null : { value: stable };
  });
  const edited = mapLines(what, (line) => {
    if (line.length > MAX_LINE || /^[ \t]*[#;]/.test(line)) return line;
    return line.replace(UNIT, (whole: string) => {
      const name = stableUnitName(whole, volumes);
      if (name === null && NEEDS.test(line)) lost.push(whole);
      return name ?? whole;
    });
  });
  return { text: edited, lost };
}
