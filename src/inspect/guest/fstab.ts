// SPDX-License-Identifier: Apache-2.0
// The guest's fstab: its lines, and which node of the disks each names.
import {
  type BlockGraph,
  evidenceOfLines,
  findNode,
  findSpec,
  guestFiles,
  type GuestView,
  insideOf,
  isHardwareName,
  luksOf,
  makeProblem,
  type Mount,
  type NodeId,
  parseCrypttab,
  type Problem,
  resolveSpec,
} from "../../core/index.ts";
import { findEspMount } from "./esp.ts";

const MAX_LINES = 100_000;
const MAX_BYTES = 16 * 2 ** 20;
/** No system mounts as many; a table of more is hostile or broken. */
const MAX_MOUNTS = 1000;
const MAX_PROBLEMS = 20;

export type FstabLine = {
  readonly spec: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
};

/** Octal escapes of fstab(5): `\040` is a blank. They stand for bytes, so that `\303\244` is one letter of UTF-8. */
export function unescapeFstab(text: string): string {
  return text.replace(/(?:\\[0-3][0-7]{2})+/g, (run) => {
    const bytes = run.slice(1).split("\\");
    return Buffer.from(bytes.map((octal) => Number.parseInt(octal, 8))).toString("utf8");
  });
}

/** The lines that name something; RangeError above 100,000 lines. */
export function parseFstab(text: string): readonly FstabLine[] {
  const lines = text.split("\n", MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw new RangeError(`fstab has more than ${MAX_LINES} lines`);
  const out: FstabLine[] = [];
  for (const line of lines) {
    const [spec = "", path = "", type = "auto", options = "defaults"] = line.trim().split(/[ \t]+/, 4);
    if (spec === "" || spec.startsWith("#") || path === "") continue;
    out.push({ spec: unescapeFstab(spec), path: unescapeFstab(path), type, options });
  }
  return out;
}

/** Served by the kernel or by a program, not by a disk. */
const VIRTUAL =
  /^(?:proc|sysfs|tmpfs|ramfs|devtmpfs|devpts|usbfs|usbdevfs|securityfs|debugfs|tracefs|configfs|cgroup2?|mqueue|hugetlbfs|binfmt_misc|pstore|efivarfs|bpf|selinuxfs|nfsd|rpc_pipefs|autofs|overlay|aufs|none|ignore|rootfs|subfs|supermount)$/;
/** Removable media: a VM has none, and nobody misses them. */
const REMOVABLE = /^\/dev\/(?:sr|scd|fd|cdrom|cdrw|dvd|floppy|st|sg)/;
const REMOVABLE_TYPE = /(?:^|,)(?:iso9660|udf)(?:,|$)/;
const DISK_TAG = /^(?:UUID|LABEL|PARTUUID|PARTLABEL)=/i;

/** Mounts that need a disk or a server, and a word for each whose disk was not given. */
export async function readMounts(
  view: GuestView,
  graph: BlockGraph,
): Promise<{ mounts: readonly Mount[]; problems: readonly Problem[] }> {
  let lines: readonly FstabLine[];
  try {
    lines = parseFstab((await view.readText("/etc/fstab", { maxBytes: MAX_BYTES })) ?? "");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { mounts: [], problems: [tooLarge(error.message)] };
  }
  const found = findMounts(lines, graph, await readCryptNames(view, graph));
  const esp = await findEspMount(view, found.mounts, graph);
  return esp === null ? found : { ...found, mounts: [...found.mounts, esp] };
}

type CryptNames = ReadonlyMap<string, NodeId | null>;

/**
 * What lies in the LUKS volumes of crypttab, by their names below /dev/mapper. null: the volume is there, and what lies in
 * it nobody knows: there is no key for it, or it gets a new one at each boot.
 */
async function readCryptNames(view: GuestView, graph: BlockGraph): Promise<CryptNames> {
  const text = await view.readText("/etc/crypttab").catch((error: unknown) => {
    if (error instanceof RangeError) return null; // told by the step that would edit it
    throw error;
  });
  const names = new Map<string, NodeId | null>();
  for (const line of parseCrypttab(text ?? "")) {
    const luks = luksOf(graph, line);
    if (findSpec(graph, line.source) === null) continue;
    names.set(`/dev/mapper/${line.name}`, luks === null ? null : insideOf(graph, luks));
  }
  return names;
}

/** Pure part of readMounts(). `crypts`: nodes by names that the guest gives them itself. */
export function findMounts(
  lines: readonly FstabLine[],
  graph: BlockGraph,
  crypts: CryptNames = new Map(),
): { mounts: readonly Mount[]; problems: readonly Problem[] } {
  const kept = lines.filter(isServed);
  const problems: Problem[] = kept.length > MAX_MOUNTS ? [tooLarge(`It names ${kept.length} mounts`)] : [];
  const resolve = makeResolver(kept.slice(0, MAX_MOUNTS), graph);
  const mounts = kept
    .slice(0, MAX_MOUNTS)
    .map((line): Mount => ({ ...line, node: crypts.get(line.spec) ?? resolve(line) }));
  for (const mount of mounts)
    if (
      mount.node === null &&
      isDisk(mount.spec) &&
      !crypts.has(mount.spec) &&
      problems.length < MAX_PROBLEMS &&
      !mayBeAbsent(mount)
    )
      problems.push(notFound(mount));
  return { mounts, problems };
}

function isServed({ spec, type, options }: FstabLine): boolean {
  if (VIRTUAL.test(type) || REMOVABLE.test(spec) || REMOVABLE_TYPE.test(type)) return false;
  if (options.split(",").some((one) => one === "bind" || one === "rbind" || one === "loop")) return false;
  return isDisk(spec) || !spec.startsWith("/"); // a path that is not a device is a swap file or an image
}

const isDisk = (spec: string): boolean => DISK_TAG.test(spec) || spec.startsWith("/dev/");

/** Nothing waits for these at boot. */
const mayBeAbsent = ({ options }: FstabLine): boolean =>
  options.split(",").some((one) => one === "nofail" || one === "noauto");

/** What lies there must be of the type that fstab says where the name follows from the hardware. */
function makeResolver(lines: readonly FstabLine[], graph: BlockGraph): (line: FstabLine) => NodeId | null {
  const evidence = evidenceOfLines(lines);
  return ({ spec, type }) => {
    const node = resolveSpec(graph, spec, evidence)?.node ?? null;
    return !isHardwareName(spec) || fits(graph, node, type) ? node : null;
  };
}

/** Is what lies on a node of the type that fstab says? */
function fits(graph: BlockGraph, id: NodeId | null, type: string): boolean {
  const holds = id === null ? undefined : findNode(graph, id)?.holds;
  if (holds === undefined) return false;
  if (type === "swap") return holds.kind === "swap";
  if (holds.kind !== "filesystem") return false;
  const ext = /^ext[234]$/;
  const fat = /^(?:vfat|msdos|fat\d*)$/;
  return type
    .split(",")
    .some(
      (one) =>
        one === "auto" ||
        one === holds.type ||
        (ext.test(one) && ext.test(holds.type)) ||
        (fat.test(one) && fat.test(holds.type)) ||
        (one.startsWith("ntfs") && holds.type.startsWith("ntfs")),
    );
}

function notFound({ spec, path, type }: FstabLine): Problem {
  return makeProblem("mount-not-found", {
    about: [{ kind: "mount", spec, path, type }],
    text:
      type === "swap"
        ? `fstab uses ${spec} as swap, and none of the given disks has it`
        : `fstab mounts ${spec} on ${path}, and none of the given disks has it`,
    advice: "Give the disk that holds it too, or the VM may stop at boot and ask for it",
  });
}

function tooLarge(detail: string): Problem {
  return makeProblem("fstab-too-large", {
    about: guestFiles("/etc/fstab"),
    text: `The guest's /etc/fstab is larger than any real one: ${detail}`,
    advice: "Look at it on the machine; mounts beyond the bound are not known here",
  });
}
