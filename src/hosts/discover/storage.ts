// SPDX-License-Identifier: Apache-2.0
// Directories, volume groups and ZFS pools of a host, and its bridges. Pure.
import { type HostNetwork, type HostStorage, type Known, known, unknown } from "../../core/index.ts";
import { cleanName, knownCount, type Sections } from "./sections.ts";
import { MAX_ASKED } from "./script.ts";

/** Pairs of lines: `w /path` (or r), and the last line of `df -Pk`. */
export function parseDirectories(sections: Sections): readonly HostStorage[] {
  const found: HostStorage[] = [];
  const lines = sections.lines("dirs").filter((line) => line !== "");
  for (let at = 0; at + 1 < lines.length && found.length < MAX_ASKED; at += 2) {
    const [, mode, path] = /^([wr]) (\/.*)$/.exec(lines[at] ?? "") ?? [];
    const name = cleanName(path);
    if (name === null || found.some((one) => one.path === name)) continue;
    const { sizeBytes, freeBytes } = parseDfLine(lines[at + 1] ?? "");
    found.push({
      kind: "directory",
      name,
      path: name,
      type: null,
      sizeBytes,
      freeBytes,
      usable: mode === "w",
    });
  }
  return found;
}

function parseDfLine(line: string): { sizeBytes: Known<number>; freeBytes: Known<number> } {
  const match = /\s(\d{1,15})\s+-?\d+\s+(-?\d{1,15})\s+(?:\d+%|-)\s/.exec(line);
  const why = "df cannot be read";
  if (match === null) return { sizeBytes: unknown(why), freeBytes: unknown(why) };
  return {
    sizeBytes: known(Number(match[1]) * 1024),
    freeBytes: known(Math.max(0, Number(match[2])) * 1024),
  };
}

/** `name|bytes|bytes` of vgs; complaints of lvm stand between them. */
export function parseVolumeGroups(sections: Sections): readonly HostStorage[] {
  return rows(sections.lines("vgs"), "|", 3).map(([name = "", size, free]) => ({
    kind: "lvm",
    name,
    path: null,
    type: null,
    sizeBytes: knownCount(size, "vgs does not tell"),
    freeBytes: knownCount(free, "vgs does not tell"),
    usable: true,
  }));
}

/** `zpool list -Hp -o name,size,free,health`. */
export function parseZpools(sections: Sections): readonly HostStorage[] {
  return rows(sections.lines("zpool"), "\t", 4).map(([name = "", size, free, health]) => ({
    kind: "zfs",
    name,
    path: null,
    type: null,
    sizeBytes: knownCount(size, "zpool does not tell"),
    freeBytes: knownCount(free, "zpool does not tell"),
    usable: health === "ONLINE" || health === "DEGRADED",
  }));
}

/** Lines with exactly `count` cells, of which the first is a name. */
export function rows(
  lines: readonly string[],
  separator: string | RegExp,
  count: number,
): readonly (readonly string[])[] {
  return lines
    .map((line) =>
      line
        .trim()
        .split(separator)
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === count && cleanName(cells[0]) !== null)
    .slice(0, MAX_ASKED);
}

/** `up xenbr0`; virbr0 and its like belong to libvirt networks, which are listed with their names. */
export function parseBridges(sections: Sections): readonly HostNetwork[] {
  const plain = sections.lines("bridges").flatMap((line): HostNetwork[] => {
    const [, state, name] = /^(\S+) (\S{1,15})$/.exec(line) ?? [];
    if (name === undefined || cleanName(name) === null) return [];
    // An empty bridge has no carrier; a VM gives it one.
    return [{ kind: "bridge", name, bridge: name, mode: null, active: state !== "lowerlayerdown" }];
  });
  const ovs = sections.lines("ovs").flatMap((line): HostNetwork[] => {
    const name = cleanName(line);
    return name === null ? [] : [{ kind: "ovs-bridge", name, bridge: name, mode: null, active: true }];
  });
  return [...plain, ...ovs].slice(0, MAX_ASKED);
}
