// SPDX-License-Identifier: Apache-2.0
// mdadm.conf: arrays are looked for on all disks, not on those of the old machine, and identified by UUID.
import { type GuestView, isHardwareName, makeProblem, named } from "../../../core/index.ts";
import { step } from "../step.ts";
import { filesIn } from "../../loaders/command-lines.ts";
import { readVolumes, type Volumes } from "../../names/volumes.ts";
import { mapLines, MAX_LINE, splitLines } from "../../text/lines.ts";

export const mdadmConf = step(
  {
    name: "mdadm-conf",
    explains: "Lets mdadm look for arrays on all disks, where mdadm.conf names disks of the old machine",
  },
  async ({ guest, intent, view, draft }) => {
    const volumes = readVolumes(guest, intent);
    const lost = new Set<string>();
    for (const path of await files(view))
      await draft.edit(path, {
        why: "It names disks that the VM does not have: no array would start",
        edit(text) {
          const there = renderMdadmConf(text, volumes);
          for (const array of there.lost) lost.add(array);
          return (intent.leftOut ?? []).length === 0 ? there.text : withoutCounts(there.text);
        },
        severity: "stops",
      });
    for (const array of [...lost].slice(0, 20))
      draft.problem(
        makeProblem("mdadm-by-name", {
          about: named("array", array),
          text: `mdadm.conf knows the array ${array} by its disks only`,
          advice: "Add its UUID, as `mdadm --detail --brief` prints it, on the machine or in the VM",
        }),
      );
  },
);

/** mdadm.conf(5), FILES. */
const FILES = ["/etc/mdadm.conf", "/etc/mdadm/mdadm.conf"];

async function files(view: GuestView): Promise<readonly string[]> {
  const found = [...FILES];
  for (const file of FILES) found.push(...(await filesIn(view, `${file}.d`, [".conf"])));
  return found;
}

type Rendered = {
  readonly text: string;
  /** Arrays that are known by disks alone, whose UUID is not known here either. */
  readonly lost: readonly string[];
};

/** mdadm.conf(5). Lines that begin with a blank continue the one before; three letters of a keyword are enough. Pure. */
export function renderMdadmConf(text: string, volumes: Pick<Volumes, "named">): Rendered {
  const lost: string[] = [];
  const rendered = entriesOf(text).map((entry) => {
    if (entry.length > MAX_LINE) return entry;
    if (/^[ \t]*DEV(?:I(?:C(?:ES?)?)?)?[ \t]/i.test(entry)) return mapLines(entry, onAllDisks);
    const array = /^[ \t]*ARR(?:AY?)?[ \t]+(\S+)/i.exec(entry)?.[1];
    const devices = /[ \t]devices=([^ \t\r\n]+)/i.exec(entry)?.[1];
    if (array === undefined || devices === undefined) return entry;
    const without = entry.replace(/[ \t]+devices=[^ \t\r\n]+/gi, "").replaceAll(/\n[ \t]*(?=\r?\n)/g, "");
    if (/\b(uuid|super-minor|name)=/i.test(entry)) return without;
    const uuid = uuidOf(devices, volumes);
    if (uuid !== null) return without.replace(array, (name) => `${name} UUID=${uuid}`);
    lost.push(array);
    return entry;
  });
  return { text: rendered.join(""), lost };
}

/** Entries with the lines that continue them; comments and empty lines by themselves. */
function entriesOf(text: string): readonly string[] {
  const entries: string[] = [];
  let open = false;
  for (const line of splitLines(text)) {
    const continues: boolean = open && /^[ \t]+[^ \t\r\n#]/.test(line);
    if (continues) entries[entries.length - 1] += line;
    else entries.push(line);
    open = continues || /^[ \t]*[A-Za-z]/.test(line);
  }
  return entries;
}

function onAllDisks(line: string): string {
  const [, head, list = "", end = ""] =
    /^([ \t]*(?:DEV[A-Z]*[ \t]+)?)([^#\r\n]*[^#\s])(\s*(?:#.*)?\r?\n?)$/i.exec(line) ?? [];
  if (head === undefined) return line;
  const words = list.split(/\s+/);
  const kept = words.filter((word) => !namesDisk(word));
  if (kept.length === words.length) return line;
  return `${head}${(kept.includes("partitions") ? kept : ["partitions", ...kept]).join(" ")}${end}`;
}

/** The array that the members on given disks say they are of, as mdadm writes it. */
function uuidOf(devices: string, volumes: Pick<Volumes, "named">): string | null {
  const found = new Set<string>();
  for (const device of devices.split(",")) {
    const member = volumes.named(device);
    if (member.kind === "volume" && member.node.holds.kind === "md-member")
      found.add(member.node.holds.uuid.replaceAll(/[-:]/g, "").toLowerCase());
  }
  const [uuid = "", ...more] = found;
  return more.length === 0 && /^[0-9a-f]{32}$/.test(uuid) ? (uuid.match(/.{8}/g) ?? []).join(":") : null;
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
