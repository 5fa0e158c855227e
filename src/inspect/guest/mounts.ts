// SPDX-License-Identifier: Apache-2.0
// What the guest mounts at boot, by its fstab and by units of systemd, and which node of the disks each names.
import {
  type BlockGraph,
  type Claim,
  contentTitle,
  type DiskNames,
  findNode,
  findSpec,
  guestFiles,
  type GuestView,
  insideOf,
  isFileSystemType,
  isHardwareName,
  isMadeDevice,
  keyOfName,
  learnNames,
  luksOf,
  makeProblem,
  type Mount,
  type MountSubject,
  named,
  NO_NAMES,
  type NodeId,
  parseCrypttab,
  parseCryptWords,
  type Problem,
  shown,
  type RefusedName,
  resolveSpec,
  type ToldName,
} from "../../core/index.ts";
import { findEspMount } from "./esp.ts";
import { type FstabLine, parseFstab } from "./fstab-lines.ts";
import { claimsOfCrypttab, claimsOfLines, placesOfStable } from "./names/claims-of-lines.ts";
import { readDeviceMap, readKernelClaims, readKernelFiles } from "./names/kernel-words.ts";
import { readRecords } from "./names/records.ts";
import { findUsrMount } from "./usr.ts";
import { readMountUnits } from "./names/units.ts";

const MAX_BYTES = 16 * 2 ** 20;
/** No system mounts as many; a table of more is hostile or broken. */
const MAX_MOUNTS = 1000;
const MAX_PROBLEMS = 20;

/** Served by the kernel or by a program, not by a disk. */
const VIRTUAL =
  /^(?:proc|sysfs|tmpfs|ramfs|devtmpfs|devpts|usbfs|usbdevfs|securityfs|debugfs|tracefs|configfs|cgroup2?|mqueue|hugetlbfs|binfmt_misc|pstore|efivarfs|bpf|selinuxfs|nfsd|rpc_pipefs|autofs|overlay|aufs|none|ignore|rootfs|subfs|supermount)$/;
/** Removable media: a VM has none, and nobody misses them. */
const REMOVABLE = /^\/dev\/(?:sr|scd|fd|cdrom|cdrw|dvd|floppy|st|sg)/;
const REMOVABLE_TYPE = /(?:^|,)(?:iso9660|udf)(?:,|$)/;
const DISK_TAG = /^(?:UUID|LABEL|PARTUUID|PARTLABEL)=/i;

export type FoundMounts = {
  readonly mounts: readonly Mount[];
  readonly problems: readonly Problem[];
  /** What the old machine called its disks, as far as the guest's files tell. */
  readonly names: DiskNames;
};

type Place = {
  readonly graph: BlockGraph;
  /** The file system of `/`. */
  readonly root: NodeId;
  /** What the user says of the disks' names on the old machine. */
  readonly told?: readonly ToldName[];
};

/** Mounts that need a disk or a server, and a word for each whose disk was not given. */
export async function readMounts(view: GuestView, { graph, root, told = [] }: Place): Promise<FoundMounts> {
  let fstab: readonly FstabLine[];
  try {
    fstab = parseFstab((await view.readText("/etc/fstab", { maxBytes: MAX_BYTES })) ?? "");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { mounts: [], problems: [tooLarge(error.message)], names: NO_NAMES };
  }
  const units = await readMountUnits(view);
  const crypttab = parseCrypttab((await readCrypttab(view)) ?? "");
  const lines: readonly Line[] = [
    ...fstab.map((line) => ({ ...line, from: "/etc/fstab", enabled: true })),
    ...units.map(({ unit, ...line }) => ({ ...line, from: unit })),
  ];
  const claims: readonly Claim[] = [
    ...claimsOfLines(lines.filter(isServed)),
    ...claimsOfCrypttab(crypttab),
    ...(await readKernelClaims(view)),
    ...(await readRecords(view)),
  ];
  const mounted = placesOfStable(lines, graph);
  const names = learnNames({ claims, aliases: await readDeviceMap(view), told }, { graph, root, mounted });
  const crypts = cryptNames([...(await readCryptWords(view)), ...crypttab], graph, names);
  const found = findMounts(
    lines.filter(({ enabled }) => enabled),
    graph,
    { names, crypts },
  );
  const esp = await findEspMount(view, found.mounts, graph);
  const usr = await findUsrMount(view, found.mounts, { graph, names, root });
  const more = [esp, usr].filter((mount) => mount !== null);
  const problems = [...(names.refused ?? []).map(refused), ...found.problems];
  return { problems, names, mounts: [...found.mounts, ...more] };
}

function refused({ spec, disk, why }: RefusedName): Problem {
  const about = [...named("device", spec), ...named("node", disk)];
  return why === "against"
    ? makeProblem("was-against", {
        about,
        text: `--was says that ${spec} was ${disk}, and what the guest's files say of ${spec} does not lie there`,
        advice: "Name the disk that it was; without --was the plan says what the disks tell",
      })
    : makeProblem("was-unused", {
        about,
        text: `--was says that ${spec} was ${disk}, and no file of the guest has a name of that disk`,
        advice: `Leave it out, if ${spec} is mistyped; the disk is not taken for any other name's`,
      });
}

type CryptNames = ReadonlyMap<string, NodeId | null>;

async function readCrypttab(view: GuestView): Promise<string | null> {
  return await view.readText("/etc/crypttab").catch((error: unknown) => {
    if (error instanceof RangeError) return null; // told by the step that would edit it
    throw error;
  });
}

async function readCryptWords(view: GuestView): Promise<ReturnType<typeof parseCryptWords>> {
  return (await readKernelFiles(view)).flatMap(({ text }) => parseCryptWords(text));
}

/**
 * What lies in the LUKS volumes of crypttab and of kernels' words, by their names below /dev/mapper. null: the volume is there, and what lies in
 * it nobody knows: there is no key for it, or it gets a new one at each boot.
 */
function cryptNames(
  lines: ReturnType<typeof parseCrypttab>,
  graph: BlockGraph,
  names: DiskNames,
): CryptNames {
  const found = new Map<string, NodeId | null>();
  for (const line of lines) {
    if (findSpec(graph, line.source, names) === null) continue;
    const luks = luksOf(graph, line, names);
    found.set(`/dev/mapper/${line.name}`, luks === null ? null : insideOf(graph, luks));
  }
  return found;
}

type Line = FstabLine & { readonly from: string; readonly enabled: boolean };

type Known = {
  readonly names?: DiskNames;
  /** Nodes by names that the guest gives them itself. */
  readonly crypts?: CryptNames;
};

/** Pure part of readMounts(). */
export function findMounts(
  lines: readonly (FstabLine & { readonly from?: string })[],
  graph: BlockGraph,
  { names = NO_NAMES, crypts = new Map() }: Known = {},
): { mounts: readonly Mount[]; problems: readonly Problem[] } {
  const kept = lines.filter(isServed);
  const problems: Problem[] = kept.length > MAX_MOUNTS ? [tooLarge(`It names ${kept.length} mounts`)] : [];
  const mounts: Mount[] = [];
  for (const { from = "/etc/fstab", ...line } of kept.slice(0, MAX_MOUNTS)) {
    const { spec, path, type, options } = line;
    const found = resolveSpec(graph, spec, names);
    const isHardware = isHardwareName(spec);
    // What lies there must be of the type that the line says where the name follows from the hardware.
    const own = found.kind === "found" && (!isHardware || fits(graph, found.node, type)) ? found.node : null;
    const node = crypts.get(spec) ?? own;
    mounts.push({ path, spec, type, options, node });
    if (node !== null || !isDisk(spec) || crypts.has(spec) || problems.length >= MAX_PROBLEMS) continue;
    const about: Missing = { kind: "mount", spec, path, type, from };
    if (found.kind === "unclear") problems.push(unclear(about, found.nodes));
    else if (isOptional(line)) problems.push(...leftBehind(about, line));
    else problems.push(found.kind === "found" ? otherType(about, graph, found.node) : notFound(about, line));
  }
  return { mounts, problems };
}

function isServed({ spec, type, options }: FstabLine): boolean {
  if (VIRTUAL.test(type) || REMOVABLE.test(spec) || REMOVABLE_TYPE.test(type)) return false;
  if (options.split(",").some((one) => one === "bind" || one === "rbind" || one === "loop")) return false;
  if (isMadeDevice(spec)) return false;
  return isDisk(spec) || !spec.startsWith("/"); // a path that is not a device is a swap file or an image
}

const isDisk = (spec: string): boolean => DISK_TAG.test(spec) || spec.startsWith("/dev/");

/** The boot does not wait for these, or does not mount them at all. */
const isOptional = ({ options }: FstabLine): boolean =>
  options.split(",").some((one) => one === "nofail" || one === "noauto");

/** Is what lies on a node of the type that fstab says? */
function fits(graph: BlockGraph, id: NodeId, type: string): boolean {
  const holds = findNode(graph, id)?.holds;
  if (type === "swap") return holds?.kind === "swap";
  return holds?.kind === "filesystem" && isFileSystemType(type, holds.type);
}

type Missing = MountSubject & { readonly from: string };

const subject = ({ spec, path, type }: Missing): readonly MountSubject[] => [
  { kind: "mount", spec, path, type },
];
const does = ({ from, spec, path, type }: Missing): string =>
  `${from === "/etc/fstab" ? "fstab" : from} ${type === "swap" ? `uses ${shown(spec)} as swap` : `mounts ${shown(spec)} on ${shown(path)}`}`;

function notFound(line: Missing, { options }: FstabLine): Problem {
  return makeProblem("mount-not-found", {
    about: subject(line),
    text: `${does(line)}, and none of the given disks has it`,
    advice: isAutomount(options)
      ? `Give the disk that holds it too, or take the line out: the VM starts, and ${failsToOpen(line)}`
      : "Give the disk that holds it too, or the VM may stop at boot and ask for it",
  });
}

/** Mounted when somebody asks for it: where that fails, what lies below is not reached. */
const isAutomount = (options: string): boolean =>
  options.split(",").some((word) => word === "x-systemd.automount" || word === "comment=systemd.automount");
const failsToOpen = ({ path }: Missing): string => `whatever opens ${shown(path)} gets an error`;

/** A name by hardware may mean another disk; more often the type is wrong in a line that nobody tried. */
function otherType(line: Missing, graph: BlockGraph, id: NodeId): Problem {
  const node = findNode(graph, id);
  const there = node === null ? null : contentTitle(node);
  return makeProblem("mount-not-found", {
    about: [...subject(line), ...named("node", id)],
    text: `${does(line)} as ${line.type}, and what lies there is ${there ?? "nothing that is known"}`,
    advice:
      there === null
        ? "Give the disk that holds it too, or the VM may stop at boot and ask for it"
        : `Correct the type in that line on the machine, or give the disk that it means`,
  });
}

/** Swap may be missing, and what is mounted by hand only is not asked for at boot. */
function leftBehind(line: Missing, { options, type }: FstabLine): readonly Problem[] {
  const words = options.split(",");
  const byHand = words.includes("noauto") && !isAutomount(options);
  if (byHand || type === "swap") return [];
  return [
    makeProblem("mount-left-behind", {
      about: subject(line),
      text: `${does(line)}, and none of the given disks has it; the VM starts without it, since the line says nofail`,
      advice: `Give that disk too, or take the line out: ${isAutomount(options) ? failsToOpen(line) : `what should be written to ${shown(line.path)} is then written into the root file system`}`,
    }),
  ];
}

function unclear(line: Missing, nodes: readonly NodeId[]): Problem {
  const byUuid = "ame it in that file by its UUID on the machine, or correct the line in the VM";
  return makeProblem("name-unclear", {
    about: [...subject(line), ...named("node", ...nodes)],
    text: `${does(line)}, and that may be ${nodes.join(" or ")}: nothing on the disks tells which`,
    advice:
      keyOfName(line.spec) === null
        ? `N${byUuid}; the line stays as it is`
        : `Say which of the disks it was, with --was ${line.spec}=DISK; or n${byUuid}. Else the line stays as it is`,
  });
}

function tooLarge(detail: string): Problem {
  return makeProblem("fstab-too-large", {
    about: guestFiles("/etc/fstab"),
    text: `The guest's /etc/fstab is larger than any real one: ${detail}`,
    advice: "Look at it on the machine; mounts beyond the bound are not known here",
  });
}
