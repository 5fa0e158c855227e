// SPDX-License-Identifier: Apache-2.0
// The words of a command line that name a device: root=, resume= and what the table has. Names of this hardware become stable
// ones, written as the guest's initramfs understands them. Pure.
import { type GuestOS, isHardwareName } from "../../core/index.ts";
import { editWords, wordValues } from "../text/kernel-words.ts";
import { stableOptions } from "../names/mount-options.ts";
import { linkOf, type Named, type NamedVolume, type Volumes } from "../names/volumes.ts";
import type { BareNames } from "./bare-kernels.ts";
import type { CommandLine } from "./command-lines.ts";
import { DEVICE_WORDS, type DeviceWord } from "./device-words.ts";

/**
 * `UUID=`: every udev-based initramfs, dracut, initramfs-tools, mkinitcpio, mkinitfs, and nash of RHEL 5 (mkinitrd 5.1:
 * nash/lib.c, nashGetPathBySpec). `by-uuid`: SUSE's mkinitrd waits for a device node (SLES 10 and 11). `label`: nash of
 * RHEL 4 (mkinitrd 4.2) looks for labels only.
 */
export type NameStyle = "UUID=" | "by-uuid" | "label";

export function nameStyle({ family, initramfsTool, kernels }: GuestOS): NameStyle {
  if (initramfsTool !== "mkinitrd") return "UUID=";
  if (family === "suse") return "by-uuid";
  const isOld =
    kernels.length > 0 && kernels.every(({ version }) => /^2\.(4|6\.([0-9]|1[0-7])(-|\.))/.test(version));
  return isOld ? "label" : "UUID=";
}

export type DeviceNames = {
  readonly volumes: Volumes;
  readonly style: NameStyle;
  readonly bare: BareNames;
  /** The root that was found. Absent: not needed there. */
  readonly root?: NamedVolume;
};

/** A word that stays as it is, though the VM has no such device, or none that could be named. */
export type LostWord = { readonly kind: "root" | "other"; readonly key: string; readonly device: string };

export type NamedLine = { readonly text: string; readonly lost: readonly LostWord[] };

const KEYS = Object.keys(DEVICE_WORDS);

export function nameDevices(line: CommandLine, names: DeviceNames): NamedLine {
  const lost: LostWord[] = [];
  const text = editWords(line.text, KEYS, (key, value) => {
    const word = DEVICE_WORDS[key];
    if (word === undefined) return `${key}=${value}`;
    if (word.as === "options") {
      const on = names.volumes.nodeOf(wordValues(line.text, word.of ?? "root")[0] ?? "");
      const stable = stableOptions(value, on, names.volumes);
      if (!line.hasInitramfs) return `${key}=${value}`; // the kernel alone knows no links
      for (const device of stable.lost)
        lost.push({ kind: "other", key, device: device.replace(/^[a-z_]+=/, "") });
      return stable.options === "defaults" && value !== stable.options ? null : `${key}=${stable.options}`;
    }
    let out = false;
    const given = word.gone === "lost" ? value : deviceOfNumber(value);
    const edited = given.replace(word.find, (whole: string, before: string, spec: string) => {
      const answer = answerFor(key, spec, { word, line, names });
      if (answer === "out") out = true;
      if (answer === "lost") lost.push({ kind: word.gone === "root" ? "root" : "other", key, device: spec });
      return typeof answer === "string" ? whole : `${before}${answer.name}`;
    });
    return out ? null : `${key}=${edited === given ? value : edited}`;
  });
  return { text, lost: [...lost, ...unknownWords(text)] };
}

/** `0801` and `8:1` are numbers of a device, as LILO and rdev write them (kernel: init/do_mounts.c). */
function deviceOfNumber(value: string): string {
  const [, hexMajor, hexMinor] = /^(?:0x)?0?([0-9a-f]{1,2})([0-9a-f]{2})$/i.exec(value) ?? [];
  const [, major, minor] = /^(\d{1,3}):(\d{1,3})$/.exec(value) ?? [];
  if (hexMajor !== undefined && hexMinor !== undefined)
    return `/dev/block/${Number.parseInt(hexMajor, 16)}:${Number.parseInt(hexMinor, 16)}`;
  return major === undefined || minor === undefined ? value : `/dev/block/${major}:${minor}`;
}

type Answer = "same" | "lost" | "out" | { readonly name: string };

function answerFor(
  key: string,
  spec: string,
  { word, line, names }: { word: DeviceWord; line: CommandLine; names: DeviceNames },
): Answer {
  if (word.gone === "out") {
    const name = resumeName(spec, names);
    return name === null ? "same" : name === "none" ? "out" : { name };
  }
  // `boot=live`, `cryptkey=rootfs:/key`: neither a device nor a tag.
  if (word.gone === "lost" && !/^(?:\/dev\/|[A-Z]+=)/.test(spec)) return "same";
  const style = word.as === "path" ? "path" : key === "boot" || word.gone === "root" ? "any" : "tag";
  const name = stableName(spec, { line, names, style });
  return name === null ? "lost" : name === spec ? "same" : { name };
}

type Place = {
  readonly line: CommandLine;
  readonly names: DeviceNames;
  /** `any`: as this initramfs takes it for its root; `tag`: UUID=; `path`: below /dev/disk. */
  readonly style: "any" | "tag" | "path";
};

/** dracut.cmdline(7), root= and netroot=: a volume of a SAN, which is a disk of the VM. */
const SAN_ROOT = /^(?:iscsi|fcoe|nbd):/;

/** The value itself if it is stable; null: no given disk has this name, or it has no stable one. */
function stableName(value: string, { line, names, style }: Place): string | null {
  const { volumes, bare } = names;
  const uuid = uuidIn(value);
  if (uuid !== null) return volumes.hasUuid(uuid) ? value : null;
  const named = SAN_ROOT.test(value) && names.root !== undefined ? names.root : volumes.named(value);
  if (named.kind === "stable") return volumes.lacks({ kind: "device", spec: value }) ? null : value;
  if (named.kind !== "volume") return null;
  if (style === "path") return linkOf(named, volumes);
  if (!line.hasInitramfs) return bare(named.partition, line.image);
  return styled(named, names) ?? (style === "tag" ? linkOf(named, volumes) : null);
}

/** Words that the table does not have, with the name of a disk inside: how they are read is not known here. */
function unknownWords(text: string): readonly LostWord[] {
  const lost: LostWord[] = [];
  for (const [, key = "", value = "", table = ""] of text.matchAll(
    /(?:^|[ \t"'])(?:([A-Za-z][A-Za-z0-9_.-]{0,60})=([^ \t\r\n"'\\]*\/dev\/[^ \t\r\n"'\\]+)|dm-mod\.create=["']?([^"'\r\n\\]{1,1000}))/g,
  )) {
    if (Object.hasOwn(DEVICE_WORDS, key) || lost.length >= 20) continue;
    for (const device of `${value}${table}`.split(/[,:;=| ]/))
      if (isHardwareName(device))
        lost.push({ kind: "other", key: key === "" ? "dm-mod.create" : key, device });
  }
  return lost;
}

function styled(
  { node }: Extract<Named, { kind: "volume" }>,
  { volumes, style }: Pick<DeviceNames, "volumes" | "style">,
): string | null {
  if (style === "label") {
    const label = node.holds.kind === "filesystem" ? node.holds.label : null;
    return label !== null && /^[A-Za-z0-9/._-]{1,16}$/.test(label) ? `LABEL=${label}` : null;
  }
  const uuid = volumes.uuidOf(node);
  if (uuid === null) return null;
  return style === "by-uuid" ? `/dev/disk/by-uuid/${uuid}` : `UUID=${uuid}`;
}

/** The new value of RESUME= or `resume=`: a stable name, `none` where the swap is gone, or null for no change. */
export function resumeName(
  value: string,
  { volumes, style }: Pick<DeviceNames, "volumes" | "style">,
): string | null {
  const uuid = uuidIn(value);
  if (uuid !== null) return volumes.hasUuid(uuid) ? null : "none";
  const named = volumes.named(value);
  if (named.kind === "stable") return volumes.lacks({ kind: "device", spec: value }) ? "none" : null;
  if (named.kind === "absent") return "none";
  if (named.kind === "unclear") return null;
  // A swap file is resumed from its file system, with resume_offset=.
  const { kind } = named.node.holds;
  const resumable = kind === "swap" || kind === "filesystem";
  return (resumable ? styled(named, { volumes, style }) : null) ?? "none";
}

function uuidIn(value: string): string | null {
  return (
    /^UUID=["']?([0-9A-Za-z-]+)["']?$/.exec(value)?.[1] ??
    /^\/dev\/disk\/by-uuid\/([^/]+)$/.exec(value)?.[1] ??
    null
  );
}
