// SPDX-License-Identifier: Apache-2.0
// mdadm.conf: arrays are looked for on all disks, not on those of the old machine, and identified by UUID.
import { isHardwareName, makeProblem, named } from "../../../core/index.ts";
import { step } from "../step.ts";
import { mapLines, MAX_LINE } from "../../text/lines.ts";

export const mdadmConf = step(
  {
    name: "mdadm-conf",
    explains: "Lets mdadm look for arrays on all disks, where mdadm.conf names disks of the old machine",
  },
  async ({ intent, draft }) => {
    const lost: string[] = [];
    for (const path of ["/etc/mdadm.conf", "/etc/mdadm/mdadm.conf"])
      await draft.edit(path, {
        why: "It names disks that the VM does not have: no array would start",
        edit: (text) => {
          const there = renderMdadmConf(text, lost);
          return (intent.leftOut ?? []).length === 0 ? there : withoutCounts(there);
        },
        severity: "stops",
      });
    for (const array of [...new Set(lost)].slice(0, 20))
      draft.problem(
        makeProblem("mdadm-by-name", {
          about: named("array", array),
          text: `mdadm.conf knows the array ${array} by its disks only`,
          advice: "Add its UUID, as `mdadm --detail --brief` prints it, on the machine or in the VM",
        }),
      );
  },
);

/** mdadm.conf(5). Lines that begin with a blank continue the one before; each is edited by itself. Pure. */
export function renderMdadmConf(text: string, lost: string[]): string {
  return mapLines(text, (line) => {
    if (line.length > MAX_LINE) return line;
    const devices = /^([ \t]*DEV(?:ICES?)?[ \t]+)([^#\r\n]*[^#\s])(\s*(?:#.*)?\r?\n?)$/i.exec(line);
    if (devices !== null) {
      const words = (devices[2] ?? "").split(/\s+/);
      const kept = words.filter((word) => !namesDisk(word));
      if (kept.length === words.length) return line;
      const all = kept.includes("partitions") ? kept : ["partitions", ...kept];
      return `${devices[1] ?? ""}${all.join(" ")}${devices[3] ?? ""}`;
    }
    const array = /^[ \t]*ARRAY[ \t]+(\S+)/i.exec(line)?.[1];
    if (array === undefined && !/^[ \t]+devices=/i.test(line)) return line;
    if (!/[ \t]devices=/i.test(line)) return line;
    if (!/\b(uuid|super-minor|name)=/i.test(line)) {
      if (array !== undefined) lost.push(array);
      return line;
    }
    return line.replace(/[ \t]devices=[^ \t\r\n]+/gi, "");
  });
}

/** An array with fewer members than its line says would not start (mdadm.conf(5), num-devices). Pure. */
export function withoutCounts(text: string): string {
  return mapLines(text, (line) =>
    line.length > MAX_LINE || !/^[ \t]*ARRAY[ \t]|^[ \t]+\S/i.test(line)
      ? line
      : line.replace(/[ \t](?:num-devices|spares)=\d+(?=[ \t\r\n]|$)/gi, ""),
  );
}

/** `/dev/sd*` and `/dev/sd[ab]1` too. */
const namesDisk = (word: string): boolean =>
  isHardwareName(word) || /^\/dev\/(sd|hd|nvme|cciss|mmcblk)[^ ]*[*?[]/.test(word);
