// SPDX-License-Identifier: Apache-2.0
// What is inside the initramfs that is loaded, or how far the kernel comes with it; and which tool made it, by its own files.
import type { GuestOS, Kernel } from "../../core/index.ts";
import {
  CutOffError,
  type InitramfsEntry,
  MAX_INITRAMFS_BYTES,
  readInitramfs,
  unifiedInitramfs,
} from "../../convert/index.ts";
import type { DefaultEntry } from "../entry.ts";
import type { Ground } from "../ground.ts";

export type Entries = ReadonlyMap<string, InitramfsEntry>;

/** `initramfs-tools`, `dracut`, `mkinitcpio`, `mkinitfs`, `systemd` (whoever packed it); null: none that is known here. */
export type Maker = string | null;

export type Image = { readonly entries: Entries; readonly maker: Maker };

/** `path`: of the first file with programs, or of the one that is meant. */
export type ImageRead = { readonly path: string } & (
  | ({ readonly kind: "read" } & Image)
  | { readonly kind: "empty" }
  /** `entries`: what comes before the cut. `fails`: the kernel stops unpacking; it does not see that a plain archive is cut. */
  | { readonly kind: "cut"; readonly entries: Entries; readonly fails: boolean }
  | { readonly kind: "unread"; readonly why: string }
);

/** What the default entry loads; where none is known, what belongs to the kernel. */
export const loadedImages = (entry: DefaultEntry | null, kernel: Kernel | null): DefaultEntry["initramfs"] =>
  entry?.initramfs ??
  (kernel === null || kernel.initramfs === null ? [] : [{ named: kernel.initramfs, path: kernel.initramfs }]);

/** null: none is loaded. */
export async function readImage(
  { entry, kernel }: { entry: DefaultEntry | null; kernel: Kernel | null },
  ground: Ground,
): Promise<ImageRead | null> {
  const { view, signal } = ground;
  const images = loadedImages(entry, kernel);
  if (images.length === 0 && entry?.unified !== true) return null;
  let main: string | null = null;
  const entries = new Map<string, InitramfsEntry>();
  const files = entry?.unified === true ? [entry.kernel] : images.map(({ path }) => path);
  for (const path of files) {
    if (path === null) continue;
    try {
      const bytes = await view.read(path, { maxBytes: MAX_INITRAMFS_BYTES });
      if (bytes === null) continue;
      if (bytes.length === 0) return { kind: "empty", path };
      const own = entry?.unified === true ? unifiedInitramfs(Buffer.from(bytes)) : bytes;
      const inside = own === null ? null : (await readInitramfs(own, { signal })).entries;
      if (inside !== null && [...inside.keys()].some((name) => !EARLY.test(name))) main ??= path;
      for (const [name, found] of inside ?? []) entries.set(name, found);
    } catch (error) {
      if (error instanceof CutOffError) {
        for (const [name, found] of error.entries) entries.set(name, found);
        return { kind: "cut", path, entries, fails: error.isSeenByKernel };
      }
      if (error instanceof RangeError) return { kind: "unread", path, why: error.message };
      throw error;
    }
  }
  const path = main ?? images[0]?.path ?? entry?.kernel ?? "";
  return { kind: "read", path, entries, maker: makerOf(entries, ground.guest) };
}

/** Microcode and tables of ACPI, which the kernel takes before it unpacks anything (kernel: Documentation/arch/x86/microcode.rst). */
const EARLY = /^(?:\.|kernel(?:\/.*)?)$/;

/** Where nothing tells, and its first program is there, it is of a kind that nobody here knows. */
function makerOf(entries: Entries, { initramfsTool }: Pick<GuestOS, "initramfsTool">): Maker {
  const paths = [...entries.keys()];
  const init = entries.get("init")?.content?.toString("latin1") ?? "";
  if (entries.has("scripts/functions") && entries.has("conf/initramfs.conf")) return "initramfs-tools";
  if (paths.some((path) => /(?:^|\/)dracut(?:-lib\.sh|\/)/.test(path))) return "dracut";
  if (entries.has("init_functions")) return "mkinitcpio";
  if (/\bKOPT_root\b/.test(init)) return "mkinitfs";
  if (hasSystemd(entries)) return "systemd";
  return entries.has("init") || !KNOWN.includes(initramfsTool) ? null : initramfsTool;
}

const KNOWN: readonly string[] = ["initramfs-tools", "dracut", "mkinitcpio", "mkinitfs"];

export const hasSystemd = (entries: Entries): boolean =>
  ["usr/lib/systemd/systemd", "lib/systemd/systemd"].some((path) => entries.has(path));

/** Words that dracut packs into its image (dracut.cmdline(7)); null: there are some, and they were not kept. */
export function packedWords(entries: Entries): string | null {
  const files = [...entries.values()].filter(
    ({ path, kind }) => kind === "file" && /^etc\/cmdline(?:\.d\/.*\.conf)?$/.test(path),
  );
  return files.some(({ content }) => content === null)
    ? null
    : files.map(({ content }) => content?.toString("latin1") ?? "").join("\n");
}
