// SPDX-License-Identifier: Apache-2.0
// What an initramfs is made of, told by hashes: when they are the same, one that was built before is what would be built now.
import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, opendir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { GuestView } from "../../core/index.ts";
import { directoryView, isErrno } from "../../system/index.ts";
import type { BuildRequest, BuiltKernel } from "./tools.ts";

/** By what; hexadecimal SHA-256. */
export type MadeOf = Readonly<Record<string, string>>;

type Place = {
  readonly path: string;
  /** `content`: settings, which a shutdown may write anew as they were. `times`: too much to read; any write changes ctime. */
  readonly by: "content" | "times";
};

const CONTENTS = ["/etc", "/usr/share/initramfs-tools", "/usr/lib/dracut", "/var/lib/dpkg/status"];
/** Packages of rpm; what hooks copy: firmware, rules, units, programs and their libraries. */
const TIMES =
  "/var/lib/rpm /usr/lib/sysimage/rpm /lib/firmware /lib/mkinitrd /lib/udev /lib/systemd /lib/x86_64-linux-gnu /lib64 /bin /sbin /usr/bin /usr/sbin /usr/local";

const PLACES: readonly Place[] = [
  ...CONTENTS.map((path) => ({ path, by: "content" }) as const),
  ...TIMES.split(" ").map((path) => ({ path, by: "times" }) as const),
];

/** Written while a system runs or stops; no tool copies them. */
const VOLATILE =
  /^\/etc\/(?:mtab|adjtime|resolv\.conf|\.pwd\.lock|lvm\/(?:archive|backup|cache)|network\/run)(?:\/|$)/;

const MAX_ENTRIES = 100_000;
const MAX_CONTENT_BYTES = 2 ** 24;

/** null: it cannot be told, for too many files. `root`: where the guest is mounted. */
export async function readMadeOf(
  { script, changes, signal }: Pick<BuildRequest, "script" | "changes" | "signal">,
  { kernel, root }: { readonly kernel: BuiltKernel; readonly root: string },
): Promise<MadeOf | null> {
  const view = directoryView(root);
  const asked = {
    script,
    kernel,
    changes: changes.map(({ path, after }) => ({ path, after })),
  };
  const found: Record<string, string> = {
    "what was asked for": createHash("sha256").update(JSON.stringify(asked)).digest("hex"),
  };
  const { version } = kernel;
  const ofKernel: readonly Place[] = [
    { path: `/lib/modules/${version}`, by: "times" },
    { path: `/boot/config-${version}`, by: "content" },
  ];
  for (const place of [...PLACES, ...ofKernel]) {
    signal.throwIfAborted();
    const hash = await hashPlace(place, { root, view });
    if (hash === null) return null;
    found[place.path] = hash;
  }
  return found;
}

/** Where they differ; empty: nowhere. Pure. */
export function changedPlaces(before: MadeOf, now: MadeOf): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (name) => before[name] !== now[name],
  );
}

async function hashPlace(
  { path, by }: Place,
  { root, view }: { readonly root: string; readonly view: GuestView },
): Promise<string | null> {
  const hash = createHash("sha256");
  const canonical = await view.resolve(path); // no link among its parents any more
  if (canonical === null) return "";
  let entries = 0;
  const walk = async (at: string): Promise<void> => {
    if (VOLATILE.test(at) || (entries += 1) > MAX_ENTRIES) return;
    const real = join(root, at);
    const stat = await there(lstat(real, { bigint: true }));
    if (stat === null) return;
    hash.update(`${JSON.stringify(at)} ${stat.mode} ${stat.uid} ${stat.gid} `);
    if (stat.isDirectory()) {
      const names: string[] = [];
      for await (const { name } of (await there(opendir(real))) ?? []) {
        names.push(name);
        if (names.length > MAX_ENTRIES) break;
      }
      for (const name of names.toSorted()) await walk(join(at, name));
    } else if (stat.isSymbolicLink()) hash.update(`-> ${JSON.stringify(await there(readlink(real)))}\n`);
    else if (by === "content" && stat.isFile() && stat.size <= MAX_CONTENT_BYTES)
      await addContent(hash, real);
    else hash.update(`${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}\n`);
  };
  await walk(canonical);
  return entries > MAX_ENTRIES ? null : hash.digest("hex");
}

/** null: a server that runs has removed it a moment ago. */
async function there<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

async function addContent(hash: Hash, path: string): Promise<void> {
  const opened = await there(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (opened === null) return;
  await using file = opened;
  const inner = createHash("sha256");
  const buffer = Buffer.allocUnsafe(2 ** 16);
  for (let left = MAX_CONTENT_BYTES; left > 0; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) break;
    inner.update(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  hash.update(`${inner.digest("hex")}\n`);
}
