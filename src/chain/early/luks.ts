// SPDX-License-Identifier: Apache-2.0
// A root in LUKS: each kind of initramfs has its own words for what it opens, and reads none of the others'. Pure.
import {
  type BlockGraph,
  type ChainLink,
  findNode,
  guestFiles,
  luksBelow,
  luksOf,
  named,
  type NodeId,
  parseCrypttab,
} from "../../core/index.ts";
import { assumed, broken, type Ground } from "../ground.ts";
import { kernelWords } from "../words.ts";
import { type Entries, hasSystemd, type Image, packedWords } from "./image.ts";

const place = "initramfs";

/** Nothing to say where each volume is opened, or the root lies in none. */
export function readLuksLinks(
  words: string | null,
  image: Image | null,
  { guest, intent, vm }: Ground,
): readonly ChainLink[] {
  const volumes = luksBelow(intent.storage, guest.root);
  if (words === null || image === null || volumes.length === 0) return [];
  const all = kernelWords(words);
  const deaf = [...new Set(all.flatMap((word) => (isOfSystemd(word) ? word.split("=", 1) : [])))];
  const { maker } = image;
  if (maker === null) {
    const heard = deaf.length === 0 ? "" : `; whether it reads ${deaf.join(" and ")} is not known`;
    return [
      assumed(place, {
        text: "opens the LUKS volume of the root",
        why: `which tool made the initramfs, and what it opens, is not known here${heard}`,
      }),
    ];
  }
  const reader = READERS[maker];
  if (reader === undefined) return [];
  const opens = reader(all, { entries: image.entries, graph: intent.storage, firmware: vm.firmware.kind });
  if (opens === "all" || volumes.every((id) => opens.includes(id))) return [];
  const isDeaf = deaf.length > 0 && maker !== "dracut" && maker !== "systemd";
  return [
    broken(place, {
      text: "opens the LUKS volume of the root",
      why: `nothing tells the initramfs of ${maker} to open it${isDeaf ? `: it does not read ${deaf.join(" and ")}, which are words of dracut and systemd` : ""}`,
      advice: `${ADVICE[maker] ?? "Name the volume in the boot menu on the machine"}, and plan again`,
      about: [
        ...named("device", ...volumes.map((id) => uuidOf(intent.storage, id))),
        ...guestFiles("/etc/crypttab"),
      ],
    }),
  ];
}

const ADVICE: Readonly<Record<string, string>> = {
  "initramfs-tools":
    "Name the volume in /etc/crypttab on the machine, install cryptsetup-initramfs, run update-initramfs -u",
  dracut: "Add rd.luks.uuid=UUID to the boot menu on the machine",
  systemd: "Add rd.luks.uuid=UUID to the boot menu on the machine",
  mkinitcpio: "Add cryptdevice=UUID=UUID:NAME to the boot menu on the machine",
  mkinitfs: "Add cryptroot=UUID=UUID and cryptdm=NAME to the boot menu on the machine",
};

const isOfSystemd = (word: string): boolean => /^(?:(?:rd\.)?luks\.(?:uuid|name)|rd_LUKS_UUID)=/.test(word);

type Context = {
  readonly entries: Entries;
  readonly graph: BlockGraph;
  readonly firmware: "bios" | "uefi";
};

/** The volumes that it opens; `all`: any, or what it opens cannot be told. */
type Opens = readonly NodeId[] | "all";

type Reader = (words: readonly string[], context: Context) => Opens;

/** cryptsetup-initramfs packs its lines of crypttab; before Debian 10 in a form of its own. */
const ofInitramfsTools: Reader = (_, { entries, graph }) => {
  const now = entries.get("cryptroot/crypttab");
  const old = entries.get("conf/conf.d/cryptroot");
  if (now?.content === null || old?.content === null) return "all";
  const sources = [
    ...parseCrypttab(now?.content.toString("latin1") ?? ""),
    ...[...(old?.content.toString("latin1") ?? "").matchAll(/(?:^|[,\s])source=([^,\s]+)/g)].map(
      ([, source = ""]) => ({ name: "", source, key: "", options: [] }),
    ),
  ];
  const found = sources.map((line) => luksOf(graph, line));
  // A name that the graph does not know may be one of LVM or of udev.
  return found.includes(null) ? "all" : found.filter((id) => id !== null);
};

/** systemd-cryptsetup-generator(8) and dracut.cmdline(7): words, packed words, crypttab in the image, or all that there is. */
const ofSystemd: Reader = (words, { entries, graph, firmware }) => {
  // Before version 008 of dracut (RHEL 6) all that there is was opened; its hooks lie at the top.
  if (entries.has("pre-trigger")) return "all";
  const packed = packedWords(entries);
  const crypttab = entries.get("etc/crypttab");
  if (packed === null || crypttab?.content === null) return "all";
  const all = [...words, ...kernelWords(packed)];
  if (all.some((word) => /^rd\.auto(?:=1|=yes)?$|^rd\.luks\.partuuid=|^rd\.luks\.serial=/.test(word)))
    return "all";
  // The partition table may name the root (systemd-gpt-auto-generator(8)).
  if (firmware === "uefi" && !all.some((word) => word.startsWith("root=")) && hasSystemd(entries))
    return "all";
  const uuids = all
    .filter(isOfSystemd)
    .map((word) => word.slice(word.indexOf("=") + 1).replace(/^luks-/, ""));
  const lines = parseCrypttab(crypttab?.content.toString("latin1") ?? "").map((line) => luksOf(graph, line));
  if (lines.includes(null)) return "all";
  return [
    ...lines.filter((id) => id !== null),
    ...uuids.flatMap((word) => withUuid(graph, word.split("=", 1)[0] ?? "")),
  ];
};

/** Arch's hook `encrypt`: `cryptdevice=DEVICE:NAME`. */
const ofMkinitcpio: Reader = (words, context) =>
  hasSystemd(context.entries)
    ? ofSystemd(words, context)
    : bySpec(words, /^cryptdevice=([^:]+(?::(?=\/))?[^:]*)/, context.graph);

const ofMkinitfs: Reader = (words, { graph }) => bySpec(words, /^cryptroot=(.+)$/, graph);

function bySpec(words: readonly string[], pattern: RegExp, graph: BlockGraph): Opens {
  const found = words.flatMap((word) => {
    const source = pattern.exec(word)?.[1];
    return source === undefined ? [] : [luksOf(graph, { name: "", source, key: "", options: [] })];
  });
  return found.includes(null) ? "all" : found.filter((id) => id !== null);
}

const READERS: Readonly<Record<string, Reader>> = {
  "initramfs-tools": ofInitramfsTools,
  dracut: ofSystemd,
  systemd: ofSystemd,
  mkinitcpio: ofMkinitcpio,
  mkinitfs: ofMkinitfs,
};

const uuidOf = (graph: BlockGraph, id: NodeId): string => {
  const holds = findNode(graph, id)?.holds;
  return holds?.kind === "luks" ? holds.uuid : id;
};

/** A beginning of a UUID is enough for dracut. */
function withUuid({ nodes }: BlockGraph, wanted: string): readonly NodeId[] {
  const plain = (uuid: string): string => uuid.replaceAll("-", "").toLowerCase();
  return nodes.flatMap(({ id, holds }) =>
    holds.kind === "luks" && plain(wanted) !== "" && plain(holds.uuid).startsWith(plain(wanted)) ? [id] : [],
  );
}
