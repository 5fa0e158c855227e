// SPDX-License-Identifier: Apache-2.0
// The boot loaders on an EFI system partition that could be its fallback loader, EFI/BOOT/BOOT{X64,AA64,IA32}.EFI.
import type { GuestOS, GuestView } from "../../core/index.ts";
import { efiPath, listNames, readLoader } from "./tree.ts";

export type EfiFile = { readonly from: string; readonly to: string };

export type EfiLoader = {
  /** For people: `shim of debian`. */
  readonly title: string;
  /** Started by the firmware. */
  readonly main: EfiFile;
  /** Started by `main` from its own directory. */
  readonly companions: readonly EfiFile[];
};

/**
 * What shim starts from beside itself: the name is compiled in, `grub.efi` at SUSE, `grubARCH.efi` elsewhere; mm and
 * MokManager enrol keys (shim: README, Make.defaults).
 */
const SHIM_NAMES = (arch: string): readonly string[] => [`shim${arch}.efi`, "shim.efi"];
const GRUB_NAMES = (arch: string): readonly string[] => [`grub${arch}.efi`, "grub.efi"];
const KEY_NAMES = (arch: string): readonly string[] => [`mm${arch}.efi`, "MokManager.efi"];

/** These hold no loader of a Linux system. */
const FOREIGN = /^(boot|microsoft|linux|tools|systemd|apple|dell|hp|lenovo|memtest86)$/i;
/** Directories of distributions that differ from the ID in os-release. */
const VENDORS: Readonly<Record<string, readonly string[]>> = {
  rhel: ["redhat"],
  ol: ["redhat"],
  sles: ["sle", "suse"],
  sled: ["sle", "suse"],
  "opensuse-leap": ["opensuse"],
  "opensuse-tumbleweed": ["opensuse"],
  linuxmint: ["ubuntu"],
  arch: ["grub"],
};

/** Best first: what the guest itself starts with, then the directory of its distribution. */
export async function findEfiLoaders(
  view: GuestView,
  esp: string,
  { guest, arch }: { guest: Pick<GuestOS, "id" | "loader">; arch: string },
): Promise<readonly EfiLoader[]> {
  const own = [guest.id, ...(VENDORS[guest.id] ?? [])];
  const rank = (name: string): number => (own.includes(name.toLowerCase()) ? 0 : 1);
  const vendors = (await listNames(view, await efiPath(view, esp, ["EFI"])))
    .filter((name) => !FOREIGN.test(name))
    .toSorted((a, b) => rank(a) - rank(b));
  const found: EfiLoader[] = [];
  for (const vendor of vendors) {
    const loader = await vendorLoader(view, esp, { vendor, arch });
    if (loader !== null) found.push(loader);
  }
  const systemdBoot = await loaderOf(view, esp, { vendor: "systemd", names: [`systemd-boot${arch}.efi`] });
  if (systemdBoot === null) return found;
  const ownLoader: EfiLoader = { title: "systemd-boot", main: fallback(systemdBoot, arch), companions: [] };
  return guest.loader === "systemd-boot" ? [ownLoader, ...found] : [...found, ownLoader];
}

type Vendor = { readonly vendor: string; readonly arch: string };

async function vendorLoader(
  view: GuestView,
  esp: string,
  { vendor, arch }: Vendor,
): Promise<EfiLoader | null> {
  const shim = await loaderOf(view, esp, { vendor, names: SHIM_NAMES(arch) });
  const grub = await loaderOf(view, esp, { vendor, names: GRUB_NAMES(arch) });
  if (grub === null) return null; // a shim alone starts nothing
  if (shim === null) return { title: `GRUB of ${vendor}`, main: fallback(grub, arch), companions: [] };
  const keys = await loaderOf(view, esp, { vendor, names: KEY_NAMES(arch) });
  const entries = await fallbackProgram(view, esp, { vendor, arch });
  const companions = [grub, keys, entries].filter((path) => path !== null);
  return { title: `shim of ${vendor}`, main: fallback(shim, arch), companions: companions.map(beside) };
}

/**
 * fbARCH.efi makes an NVRAM entry of each vendor's BOOTARCH.CSV and starts the first one; shim prefers it to GRUB. So it
 * is taken only where the CSV names a file that is there (shim: fallback.c, README.fallback).
 */
async function fallbackProgram(
  view: GuestView,
  esp: string,
  { vendor, arch }: Vendor,
): Promise<string | null> {
  const program = await loaderOf(view, esp, { vendor, names: [`fb${arch}.efi`] });
  const csv = await readLoader(view, esp, ["EFI", vendor, `BOOT${arch}.CSV`]);
  const named = csv === null ? null : firstInCsv(csv);
  if (program === null || named === null) return null;
  return (await loaderOf(view, esp, { vendor, names: [named] })) === null ? null : program;
}

/** The file that a BOOTX64.CSV names first: UTF-16LE, `shimx64.efi,debian,,This is the boot entry for debian`. */
export function firstInCsv(bytes: Buffer): string | null {
  if (bytes.length > 65_536 || bytes.length % 2 !== 0) return null;
  const name =
    bytes
      .toString("utf16le")
      .replace(/^\ufeff/, "")
      .split(",")[0]
      ?.trim() ?? "";
  return /^[\w.-]{1,64}$/.test(name) ? name : null;
}

/** The first of `names` that is there and is a program. */
async function loaderOf(
  view: GuestView,
  esp: string,
  { vendor, names }: { vendor: string; names: readonly string[] },
): Promise<string | null> {
  for (const name of names) {
    const bytes = await readLoader(view, esp, ["EFI", vendor, name]);
    if (bytes !== null && bytes.subarray(0, 2).toString("latin1") === "MZ")
      return await efiPath(view, esp, ["EFI", vendor, name]);
  }
  return null;
}

const fallback = (from: string, arch: string): EfiFile => ({ from, to: `BOOT${arch.toUpperCase()}.EFI` });
const beside = (from: string): EfiFile => ({ from, to: from.slice(from.lastIndexOf("/") + 1) });
