// SPDX-License-Identifier: Apache-2.0
// Systems whose files come from images: ostree's deployments, snaps of Ubuntu Core, read-only snapshots. Recognized, so that
// nobody changes a file that the next update takes back.
import { type GuestView, isHardwareName } from "../../core/index.ts";
import { parseFstab } from "./fstab-lines.ts";
import { parseOsRelease } from "./identity.ts";

export type Layout = {
  readonly kind: "ostree" | "ubuntu-core";
  /** PRETTY_NAME of what would start; null: not found. */
  readonly title: string | null;
  /** `root=/dev/sda1`: arguments of its boot entries that name disks of this machine. */
  readonly hardware: readonly string[];
};

const MAX_NAMES = 50;

/** What lies on one file system, mounted by itself; null: none of these. */
export async function readLayout(view: GuestView): Promise<Layout | null> {
  const places = ["/ostree/deploy", "/ostree/repo"];
  const found = await Promise.all(places.map((path) => view.resolve(path)));
  // Its /boot, where that is a file system of its own.
  const isBoot = (await listOr(view, "/loader/entries")).some((name) => name.startsWith("ostree-"));
  if (isBoot || found.some((path) => path !== null))
    return { kind: "ostree", title: await deployedTitle(view), hardware: await entryHardware(view) };
  if ((await view.resolve("/system-data/var/lib/snapd")) !== null)
    return { kind: "ubuntu-core", title: "Ubuntu Core", hardware: [] };
  return null;
}

/** `/ostree/deploy/OS/deploy/CHECKSUM.N`: the title of the first that has one. */
async function deployedTitle(view: GuestView): Promise<string | null> {
  for (const os of await listOr(view, "/ostree/deploy")) {
    const directory = `/ostree/deploy/${os}/deploy`;
    for (const name of await listOr(view, directory))
      for (const file of ["usr/lib/os-release", "etc/os-release"]) {
        const text = await readOr(view, `${directory}/${name}/${file}`);
        const title = text === null ? undefined : parseOsRelease(text).get("PRETTY_NAME");
        if (title !== undefined) return title;
      }
  }
  return null;
}

/** On a boot file system of its own the entries lie at its top. */
async function entryHardware(view: GuestView): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const directory of ["/boot/loader/entries", "/loader/entries"])
    for (const name of await listOr(view, directory))
      for (const [, words = ""] of ((await readOr(view, `${directory}/${name}`)) ?? "").matchAll(
        /^options[ \t]+([^\r\n]{1,4000})/gm,
      ))
        for (const word of words.split(/[ \t]+/)) {
          const value = word.slice(word.indexOf("=") + 1);
          if (isHardwareName(value)) found.add(word);
        }
  return [...found].slice(0, 20);
}

/** openSUSE MicroOS, SLE Micro and relatives: the root is a snapshot that only transactional-update changes. */
export async function isTransactional(view: GuestView): Promise<boolean> {
  const programs = ["/usr/sbin/transactional-update", "/sbin/transactional-update"];
  const found = await Promise.all(programs.map((path) => view.resolve(path)));
  if (found.every((path) => path === null)) return false;
  const root = parseFstab((await readOr(view, "/etc/fstab")) ?? "").find(({ path }) => path === "/");
  return root !== undefined && root.type === "btrfs" && /(?:^|,)ro(?:,|$)/.test(root.options);
}

const beyondBounds =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (error instanceof RangeError) return instead;
    throw error;
  };

const listOr = async (view: GuestView, path: string): Promise<readonly string[]> =>
  (await view.list(path).catch(beyondBounds([]))).slice(0, MAX_NAMES);

const readOr = async (view: GuestView, path: string): Promise<string | null> =>
  await view.readText(path, { maxBytes: 2 ** 18 }).catch(beyondBounds(null));
