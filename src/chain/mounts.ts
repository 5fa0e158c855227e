// SPDX-License-Identifier: Apache-2.0
// What the system mounts, opens and swaps to on its way up, by fstab, units of systemd and crypttab as they will be.
import {
  type ChainLink,
  contentTitle,
  type CrypttabLine,
  findNode,
  findSpec,
  isFileSystemType,
  isHardwareName,
  isMadeDevice,
  type NodeId,
  luksOf,
  parseCrypttab,
  parseCryptWords,
  parseDeviceSpec,
  resolveSpec,
} from "../core/index.ts";
import { type BootLine, readBootLines } from "../inspect/index.ts";
import { assumed, broken, type Ground, proven, readTextOr } from "./ground.ts";
import { fileSystemOf } from "./loaders/on-disk.ts";
import { findOptionFault } from "./mount-options.ts";
import { partialFault, unseenIn } from "./partial.ts";
import { vmDisk } from "./places.ts";
import { kernelWords } from "./words.ts";

const place = "mounts";
const MAX_LINKS = 5;

/** One link if all is well; else one for each line that is not, up to five of a kind. `words`: of the default entry; null: not known. */
export async function readMountLinks(words: string | null, ground: Ground): Promise<readonly ChainLink[]> {
  const read = await readBootLines(ground.view);
  if (read.unread !== null)
    return [assumed(place, { text: "/etc/fstab", why: `it was not read to its end: ${read.unread}` })];
  const all = read.lines.filter(isWaitedFor);
  const unread = ground.guest.init === "systemd" ? unreadFstab(kernelWords(words ?? "")) : null;
  const lines = unread?.by === "system" ? all.filter(({ from }) => from !== "/etc/fstab") : all;
  const crypts = parseCrypttab((await readTextOr(ground.view, "/etc/crypttab")) ?? "");
  const byWords = parseCryptWords(words ?? "").filter((line) => luksOf(ground.intent.storage, line) !== null);
  const judged = [
    ...lines.map((line) => judge(line, { crypts: [...crypts, ...byWords], ground })),
    ...crypts.map((line) => judgeCrypt(line, { lines, ground })),
  ];
  const bad = [...judged, unread === null ? null : withoutFstab(unread, all)].filter((link) => link !== null);
  const worst = [
    ...bad.filter(({ verdict }) => verdict === "broken").slice(0, MAX_LINKS),
    ...bad.filter(({ verdict }) => verdict === "assumed").slice(0, MAX_LINKS),
  ];
  if (worst.length > 0) return worst;
  const count = lines.filter(({ type }) => type !== "swap").length;
  return [
    proven(place, {
      text: `${count} ${count === 1 ? "file system" : "file systems"}${lines.length > count ? " and swap" : ""}`,
      why: "each is on the disks of the VM, under a name that it has there",
    }),
  ];
}

type Unread = { readonly by: "system" | "initramfs"; readonly word: string };

/** systemd-fstab-generator(8): `fstab=` counts in the initramfs and in the system, `rd.fstab=` in the initramfs alone. */
function unreadFstab(words: readonly string[]): Unread | null {
  const offBy = (key: string): string | undefined => {
    const last = words.findLast((word) => word === key || word.startsWith(`${key}=`));
    return last !== undefined && /=(?:0|no?|f(?:alse)?|off)$/i.test(last) ? last : undefined;
  };
  const [system, initramfs] = [offBy("fstab"), offBy("rd.fstab")];
  if (system !== undefined) return { by: "system", word: system };
  return initramfs === undefined ? null : { by: "initramfs", word: initramfs };
}

/** The VM comes up, as the machine did; what fstab names is not there. Only /usr is the matter of an initramfs. */
function withoutFstab({ by, word }: Unread, lines: readonly BootLine[]): ChainLink | null {
  const missed = lines.filter(
    ({ from, path }) => from === "/etc/fstab" && (by === "system" ? path !== "/" : path === "/usr"),
  );
  if (missed.length === 0) return null;
  const names = missed.slice(0, MAX_LINKS).map(({ path, type }) => (type === "swap" ? "swap" : path));
  return assumed(place, {
    text: `without ${[...new Set(names)].join(", ")}${missed.length > names.length ? " ..." : ""}`,
    why: `the kernel's words say ${word}, so ${by === "system" ? "systemd reads nothing" : "the initramfs mounts nothing"} of fstab`,
    about: missed.slice(0, MAX_LINKS).map(({ spec, path, type }) => ({ kind: "mount", spec, path, type })),
  });
}

/** Served by a disk, at boot, and not optional. Removable drives and servers are not the disks' matter. */
function isWaitedFor({ spec, type, options, path }: BootLine): boolean {
  const words = options.split(",");
  if (
    words.some((word) =>
      /^(?:noauto|nofail|bind|rbind|loop|_netdev|x-systemd\.automount|comment=systemd\.automount)$/.test(
        word,
      ),
    )
  )
    return false;
  if (/^(?:nfs4?|cifs|smb3|ceph|glusterfs|9p|virtiofs|fuse\.sshfs|iso9660|udf)/.test(type)) return false;
  if (isMadeDevice(spec) || (path === "/" && spec.startsWith("/dev/root"))) return false;
  return (
    /^(?:UUID|LABEL|PARTUUID|PARTLABEL)=/i.test(spec) || /^\/dev\/(?!sr|scd|cdrom|dvd|fd|shm)/.test(spec)
  );
}

type Context = { readonly crypts: readonly CrypttabLine[]; readonly ground: Ground };

/** null: it is there. */
function judge(line: BootLine, { crypts, ground }: Context): ChainLink | null {
  const { spec, path, type, from } = line;
  const { intent } = ground;
  const text = type === "swap" ? `swap on ${spec}` : `${spec} on ${path}`;
  const about = [{ kind: "mount", spec, path, type } as const];
  const opened = /^\/dev\/mapper\/(.+)$/.exec(spec)?.[1];
  if (opened !== undefined && crypts.some(({ name }) => name === opened)) return null; // judged by crypttab, or with the root
  const lost = (why: string, isThere = false): ChainLink => {
    const { init } = ground.guest;
    const goesOn =
      init === "systemd"
        ? "systemd waits for it for 90 s, and goes on without"
        : "the system starts without it";
    if (type === "swap") return assumed(place, { text, why: `${why}; ${goesOn}`, about });
    // Its localmount and fsck warn of what is not there, and end well (OpenRC, init.d/localmount.in and fsck.in).
    if (init === "openrc") return assumed(place, { text, why: `${from}: ${why}; ${goesOn}`, about });
    // systemd does not wait for the device of what is mounted already; older systems check it, and stop.
    if (path === "/" && ground.guest.init === "systemd") return assumed(place, { text, why, about });
    const without =
      from === "/etc/fstab"
        ? "write nofail into the line, so that the VM comes up without it; the conversion does so with --with absent-mounts"
        : `mask ${from.slice(from.lastIndexOf("/") + 1)} on the machine (systemctl mask)`;
    const advice = isThere
      ? `Correct it in ${from} on the machine, and plan again`
      : `Give the disk that holds it too; or ${without}`;
    return broken(place, { text, why: `${from}: ${why}; the boot stops there and asks`, advice, about });
  };
  const own = vmDisk(spec, ground);
  if (own !== null)
    return fileSystemOf(intent.storage, own.disk, own.partition) === null && type !== "swap"
      ? lost(`in the VM ${spec} holds no file system`)
      : assumed(place, { text, why: `${spec} is a name by order: it changes when a disk is added`, about });
  if (isHardwareName(spec)) return lost(`the VM has no device of the name ${spec}`);
  if (parseDeviceSpec(spec).kind === "other")
    return assumed(place, { text, why: `${spec} is a name that is not known here`, about });
  const found = resolveSpec(intent.storage, spec);
  if (found.kind === "absent")
    return lost(`none of the given disks has ${spec}${unseenIn(intent.storage, spec)}`);
  const other = found.kind === "found" ? otherContent(found.node, line, ground) : null;
  if (other !== null) return lost(`${spec} holds ${other}, and the line says ${type}`, true);
  if (found.kind === "unclear")
    return assumed(place, {
      text,
      why: `it is there twice (${found.nodes.join(", ")}): which one is mounted is chance`,
      about,
    });
  const part = partialFault(intent.storage, found.node);
  if (part !== null)
    return part.kind === "lost" ? lost(part.why) : assumed(place, { text, why: part.why, about });
  const fault = findOptionFault(line.options, found.node, ground);
  if (fault === null) return null;
  // What is mounted already is mounted anew, and stays as it is where that fails.
  if (path === "/")
    return assumed(place, { text, why: `${fault.why}; it is mounted by then, by the kernel's words`, about });
  return fault.kind === "refused" ? lost(fault.why, true) : assumed(place, { text, why: fault.why, about });
}

/** What lies there, where that is not of the type that the line says; null: it is, or nobody knows. */
function otherContent(id: NodeId, { type }: BootLine, { intent }: Ground): string | null {
  const node = findNode(intent.storage, id);
  const there = node === null ? null : contentTitle(node);
  if (there === null || type === there) return null;
  if (node?.holds.kind === "filesystem" && type !== "swap" && isFileSystemType(type, there)) return null;
  return node?.holds.kind === "swap" && type === "auto" ? null : there;
}

/** A volume that cannot be opened stops the boot as a lost mount does. */
function judgeCrypt(
  { name, source, options }: CrypttabLine,
  { lines, ground }: { lines: readonly BootLine[]; ground: Ground },
): ChainLink | null {
  if (options.some((word) => /^(?:noauto|nofail)$/.test(word))) return null;
  const { storage } = ground.intent;
  if (
    !isHardwareName(source) &&
    (findSpec(storage, source) !== null || parseDeviceSpec(source).kind === "other")
  )
    return null;
  const text = `${name} in ${source}`;
  const why = `crypttab: the VM has no device ${source}; the boot waits for it`;
  // Swap that is made anew at each boot is missed by nobody.
  const isMounted = lines.some(({ spec, type }) => spec === `/dev/mapper/${name}` && type !== "swap");
  if (options.includes("swap") || !isMounted)
    return assumed(place, { text, why: `${why}, and goes on without` });
  const advice = "Give the disk that holds it too, or correct the line on the machine, and plan again";
  return broken(place, { text, why, advice, about: [{ kind: "device", name: source }] });
}
