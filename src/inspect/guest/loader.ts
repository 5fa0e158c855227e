// SPDX-License-Identifier: Apache-2.0
// The guest's boot loader and the kernels its menu offers.
import type { GuestView } from "../../core/index.ts";

export type BootMenu = {
  readonly loader: string;
  /** Paths as the menu has them: without `/boot` where that is a file system of its own. */
  readonly kernels: readonly string[];
  /** false: a menu is too large to be read to its end, or makes up names as it runs, and may offer more. */
  readonly isWhole: boolean;
};

const MENU_BYTES = 4 * 2 ** 20;
const MAX_KERNELS = 1000;
const MAX_ENTRIES = 500;

/** In the order in which a file, when it is there, decides. `generic`: none is known. */
const LOADERS: readonly { readonly loader: string; readonly files: readonly string[] }[] = [
  { loader: "grub2", files: ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"] },
  { loader: "grub-legacy", files: ["/boot/grub/menu.lst", "/boot/grub/grub.conf"] },
  {
    loader: "extlinux",
    files: [
      "/boot/extlinux/extlinux.conf",
      "/boot/extlinux.conf",
      "/boot/syslinux/syslinux.cfg",
      "/boot/syslinux/extlinux.conf",
      "/extlinux.conf",
    ],
  },
];

/** Boot Loader Specification (UAPI.1): on the ESP, on an extended boot partition, or where Fedora's GRUB reads them. */
const ENTRY_DIRECTORIES = ["/boot", "/efi", "/boot/efi"].map((base) => `${base}/loader/entries`);
/** RHEL 7 on UEFI has its only grub.cfg there. */
const ESP_VENDORS = "/boot/efi/EFI";

export async function readBootMenu(view: GuestView): Promise<BootMenu> {
  const { paths: entries, isWhole } = await readEntries(view);
  for (const { loader, files } of LOADERS) {
    const texts = await readAll(view, loader === "grub2" ? [...files, ...(await espMenus(view))] : files);
    if (texts.length === 0) continue;
    const kernels = new Set([...texts.flatMap((text) => parseKernelLines(text ?? "")), ...entries]);
    return {
      loader,
      kernels: [...kernels].slice(0, MAX_KERNELS),
      isWhole:
        isWhole &&
        kernels.size < MAX_KERNELS &&
        !texts.includes(null) &&
        ![...kernels].some((path) => path.includes("$")),
    };
  }
  return { loader: entries.length > 0 ? "systemd-boot" : "generic", kernels: entries, isWhole };
}

async function espMenus(view: GuestView): Promise<readonly string[]> {
  const vendors = await view.list(ESP_VENDORS).catch(() => []);
  return vendors.slice(0, 50).map((vendor) => `${ESP_VENDORS}/${vendor}/grub.cfg`);
}

type Text = string | null;

/** Of those that are there; null: one is too large to be read. The loader is still known by it. */
async function readAll(view: GuestView, files: readonly string[]): Promise<readonly Text[]> {
  const texts: Text[] = [];
  for (const file of files) {
    const text = await readMenu(view, file);
    if (text !== "absent") texts.push(text.text);
  }
  return texts;
}

async function readMenu(view: GuestView, file: string): Promise<{ readonly text: Text } | "absent"> {
  try {
    const text = await view.readText(file, { maxBytes: MENU_BYTES });
    return text === null ? "absent" : { text };
  } catch (error) {
    if (error instanceof RangeError) return { text: null };
    throw error;
  }
}

/**
 * `linux`, `linux16`, `linuxefi` of GRUB 2, `kernel` of GRUB legacy and syslinux, `module` behind Xen, the `linux` key
 * of Boot Loader Specification entries. A device in front, `(hd0,1)` or `($root)`, is left out.
 */
export function parseKernelLines(text: string): readonly string[] {
  const paths = new Set<string>();
  for (const line of text.split("\n")) {
    const [keyword = "", first = ""] = line
      .trimStart()
      .slice(0, 4096)
      .split(/[ \t=]+/, 2);
    if (!/^(?:linux(?:16|efi)?|kernel|module2?)$/i.test(keyword)) continue;
    const path = first
      .replaceAll(/["']/g, "")
      .replace(/^\([^)]*\)/, "")
      .replace(/^\$\{?\w+\}?(?=\/)/, "");
    if (path !== "" && !path.startsWith("#")) paths.add(path);
    if (paths.size >= MAX_KERNELS) break;
  }
  return [...paths];
}

async function readEntries(
  view: GuestView,
): Promise<{ readonly paths: readonly string[]; readonly isWhole: boolean }> {
  const paths = new Set<string>();
  let isWhole = true;
  for (const directory of ENTRY_DIRECTORIES) {
    const names = (await view.list(directory).catch(() => [])).filter((one) => one.endsWith(".conf"));
    if (names.length > MAX_ENTRIES) isWhole = false;
    const texts = await readAll(
      view,
      names.slice(0, MAX_ENTRIES).map((name) => `${directory}/${name}`),
    );
    if (texts.includes(null)) isWhole = false;
    for (const text of texts) for (const path of parseKernelLines(text ?? "")) paths.add(path);
  }
  return { paths: [...paths].slice(0, MAX_KERNELS), isWhole: isWhole && paths.size < MAX_KERNELS };
}

/** Where a path of a menu may lie: its own file system is mounted on one of these. */
export async function resolveMenuPath(view: GuestView, path: string): Promise<string | null> {
  const plain = path.startsWith("/") ? path : `/${path}`;
  for (const base of ["", "/boot", "/boot/efi", "/efi", "/boot/extlinux", "/boot/syslinux"]) {
    const found = await view.resolve(`${base}${plain}`);
    if (found !== null) return found;
  }
  return null;
}
