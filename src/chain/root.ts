// SPDX-License-Identifier: Apache-2.0
// The root that the kernel's words name, and its first program.
import {
  type ChainLink,
  guestFiles,
  findNode,
  isFileSystemType,
  isHardwareName,
  isSameSubvolume,
  luksBelow,
  luksOf,
  named,
  parseCrypttab,
  parseCryptWords,
  parseDeviceSpec,
  resolveSpec,
  subvolumeWord,
} from "../core/index.ts";
import { assumed, broken, type Ground, proven, readTextOr } from "./ground.ts";
import { findOptionFault, rootSubvolume } from "./mount-options.ts";
import { partialFault, unseenIn } from "./partial.ts";
import { titleOf, vmDisk } from "./places.ts";
import type { Image } from "./early/image.ts";
import { judgeNoRoot } from "./early/no-root.ts";
import { fileSystemOf } from "./loaders/on-disk.ts";
import { lastWord } from "./words.ts";

const GIVE = "Give the disk that holds it too, or correct the entry on the machine, and plan again";

/** What comes before the root: is there an initramfs, and which kernel is it? */
export type Early = {
  readonly hasInitramfs: boolean;
  readonly release: string | null;
  /** null: it could not be read, or there is none. */
  readonly image: Image | null;
  /** Variables that the kernel's words come from, and that nothing sets. */
  readonly unset: readonly string[];
};

const place = "root";

/** `words`: of the default entry; null: not known. */
export async function readRootLink(words: string | null, ground: Ground, early: Early): Promise<ChainLink> {
  const link = await findRootLink(words, ground, early);
  if (link.verdict === "broken" || words === null) return link;
  const part = partialFault(ground.intent.storage, ground.guest.root);
  const { text, about } = link;
  return withFlags(part === null ? link : assumed(place, { text, why: part.why, about }), words, ground);
}

/** The device is there: is it mounted with `rootflags=`, and is the system that was found what is seen then? */
function withFlags(link: ChainLink, words: string, { guest, intent }: Ground): ChainLink {
  const flags = lastWord(words, "rootflags") ?? "";
  const { text, about } = link;
  if (guest.subvolume !== undefined && subvolumeWord(flags) === null)
    return broken(place, {
      text,
      why: `the system lies in ${guest.subvolume}, which its btrfs does not show by default, and the kernel's words have no rootflags=${guest.subvolume}`,
      advice: `Add that word to the boot menu on the machine, or set the default (btrfs subvolume set-default), and plan again`,
      about,
    });
  if (flags === "") return link;
  const fault = findOptionFault(flags, guest.root, { guest, intent });
  if (fault?.kind === "refused")
    return broken(place, {
      text,
      why: `the kernel's words say rootflags=${flags}: ${fault.why}`,
      advice: "Correct that word in the boot menu on the machine, and plan again",
      about,
    });
  if (fault !== null) return assumed(place, { text, why: `rootflags=${flags}: ${fault.why}`, about });
  const wanted = subvolumeWord(flags);
  const seen = rootSubvolume(guest);
  return wanted === null || seen === null || isSameSubvolume(wanted, seen)
    ? link
    : assumed(place, { text, why: `it starts from ${wanted}, and fstab's ${seen} was looked into`, about });
}

function withoutRoot(words: string, { guest, intent, vm }: Ground, early: Early): ChainLink {
  const text = titleOf(intent, guest.root);
  const { stops, why } = judgeNoRoot({ words, firmware: vm.firmware.kind, ...early });
  return stops
    ? broken(place, {
        text,
        why,
        advice: "Add root= to the boot menu on the machine, or write the menu anew there, and plan again",
      })
    : assumed(place, { text, why });
}

async function findRootLink(words: string | null, ground: Ground, early: Early): Promise<ChainLink> {
  const { guest, intent } = ground;
  const onDisk = titleOf(intent, guest.root);
  const spec = lastWord(words ?? "", "root") ?? lastWord(words ?? "", "real_root");
  if (words === null)
    return assumed(place, { text: onDisk, why: "no menu says which root the kernel is given" });
  if (spec === null || spec === "") return withoutRoot(words, ground, early);
  const about = named("device", spec);
  const text = `${spec} (${onDisk})`;
  const own = vmDisk(spec, ground);
  if (own !== null) {
    const node = fileSystemOf(intent.storage, own.disk, own.partition);
    if (node === guest.root)
      return assumed(place, {
        text,
        why: "a name by order, which this VM's disk has as long as no other is added",
        about,
      });
    return broken(place, {
      text: spec,
      why: `in the VM ${spec} is not the root that was found (${onDisk})`,
      advice: GIVE,
      about,
    });
  }
  if (isHardwareName(spec))
    return broken(place, {
      text: spec,
      why: `the VM has no device of the name ${spec}`,
      advice: GIVE,
      about,
    });
  if (await isOpenedRoot(spec, words, ground))
    return (early.image !== null && early.image.maker === null ? assumed : proven)(place, {
      text,
      why: "crypttab or the kernel's words open the volume that the root lies in by this name",
      about,
    });
  if (parseDeviceSpec(spec).kind === "other")
    return assumed(place, {
      text: spec,
      why: "not a name that is known here: the initramfs knows it",
      about,
    });
  const deaf = early.hasInitramfs ? null : whyDeaf(spec, { ground, early });
  if (deaf !== null)
    return broken(place, {
      text: spec,
      why: deaf,
      advice: "Name the root as the VM's kernel will, or make an initramfs on the machine, and plan again",
      about,
    });
  const found = resolveSpec(intent.storage, spec);
  if (found.kind === "absent")
    return broken(place, {
      text: spec,
      why: `none of the given disks has ${spec}${unseenIn(intent.storage, spec)}`,
      advice: GIVE,
      about,
    });
  if (found.kind === "unclear")
    return found.nodes.includes(guest.root)
      ? assumed(place, {
          text: spec,
          why: `it is there twice (${found.nodes.join(", ")}): which one is mounted is chance`,
          about,
        })
      : broken(place, {
          text: spec,
          why: `it is there twice, and neither is the root that was found (${onDisk})`,
          advice: GIVE,
          about,
        });
  const type = lastWord(words, "rootfstype");
  const holds = findNode(intent.storage, guest.root)?.holds;
  if (
    found.node === guest.root &&
    type !== null &&
    holds?.kind === "filesystem" &&
    !isFileSystemType(type, holds.type)
  )
    return broken(place, {
      text,
      why: `the kernel's words say rootfstype=${type}, and the root is ${holds.type}`,
      advice: "Take that word out of the boot menu on the machine, and plan again",
      about,
    });
  const part = partialFault(intent.storage, found.node);
  if (found.node !== guest.root && part?.kind === "lost")
    return broken(place, { text: spec, why: part.why, advice: GIVE, about });
  return found.node === guest.root
    ? proven(place, { text, why: "it is the root that was found", about })
    : broken(place, {
        text: spec,
        why: `it is ${titleOf(intent, found.node)}, and the system that was found is on ${onDisk}`,
        advice: "Make the entry of this system the default on the machine, and plan again",
        about,
      });
}

/** /dev/mapper/NAME of a line of crypttab or of the kernel's words, for the LUKS volume below the root. */
async function isOpenedRoot(spec: string, words: string, { view, guest, intent }: Ground): Promise<boolean> {
  const name = /^\/dev\/mapper\/(.+)$/.exec(spec)?.[1];
  if (name === undefined) return false;
  const below = luksBelow(intent.storage, guest.root);
  const lines = parseCrypttab((await readTextOr(view, "/etc/crypttab")) ?? "");
  return [...lines, ...parseCryptWords(words)].some((line) => {
    const luks = line.name === name ? luksOf(intent.storage, line) : null;
    return luks !== null && below.includes(luks);
  });
}

/** What a kernel alone understands (kernel: init/do_mounts.c): PARTUUID of a GPT since 2.6.37, of an MBR since 3.8. */
function whyDeaf(spec: string, { ground, early }: { ground: Ground; early: Early }): string | null {
  const parsed = parseDeviceSpec(spec);
  if (parsed.kind !== "tag") return `there is no initramfs, and the kernel alone does not know ${spec}`;
  if (parsed.tag === "PARTLABEL") return null;
  if (parsed.tag !== "PARTUUID")
    return `there is no initramfs, and the kernel alone does not understand ${parsed.tag}=`;
  const isMbr = /^[0-9a-f]{8}-[0-9a-f]{2}$/i.test(parsed.value);
  const [major = 9, minor = 0] = (early.release ?? "").split(".").map(Number);
  const known = major > 3 || (major === 3 && (minor >= 8 || !isMbr)) || ground.guest.kernels.length === 0;
  return known || early.release === null
    ? null
    : `there is no initramfs, and Linux ${early.release} does not understand PARTUUID= ${isMbr ? "of an MBR (3.8 and later do)" : ""}`.trim();
}

const INITS = ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"];

/** The kernel tries these in this order (init/main.c), or what `init=` names. */
export async function readInitLink(
  words: string | null,
  { view, guest }: Ground,
  { hasInitramfs }: Early,
): Promise<ChainLink> {
  const place = "init";
  const given = lastWord(words ?? "", "init");
  // The scripts of an initramfs go on with the usual ones where `init=` names nothing; a kernel alone gives up.
  const tried = given === null ? INITS : hasInitramfs ? [given, ...INITS] : [given];
  for (const path of tried) {
    const found = await view.resolve(path);
    if (found === null) continue;
    const about = guestFiles(path);
    if (path === "/bin/sh" && given === null)
      return broken(place, {
        text: path,
        why: "there is no /sbin/init, and the kernel would start a shell in its place",
        advice:
          "Look at the machine: its init is not installed; a /usr on a disk that is not given must be given too",
        about,
      });
    if (given !== null && path !== given)
      return assumed(place, {
        text: path,
        why: `the kernel's words name init=${given}, which is not there; the initramfs goes on with ${path}`,
        about,
      });
    return proven(place, {
      text: guest.init === "unknown" ? path : `${path} (${guest.init})`,
      why: `${found} is there`,
      about,
    });
  }
  const wanted = given ?? INITS[0] ?? "";
  return broken(place, {
    text: wanted,
    why: `there is no ${wanted} in the system that was found`,
    advice:
      "Look at the machine: this system does not start by itself; a /usr on a disk that is not given must be given too",
    about: guestFiles(wanted),
  });
}
