// SPDX-License-Identifier: Apache-2.0
// A kernel's command line from the guest's own boot menu, for hosts that load the kernel from outside.
import type { GuestView } from "../../core/index.ts";
import { findArguments } from "./grub-cfg.ts";
import { GRUB_MENUS } from "./grub2.ts";

const MAX_ENTRIES = 100;
const ENTRIES = "/boot/loader/entries";

/** `root=UUID=... ro quiet`; without variables of the boot loader, and with root= in any case. */
export async function kernelArguments(
  view: GuestView,
  { image, rootUuid }: { image: string; rootUuid: string },
): Promise<string> {
  const found = (await fromGrub(view, image)) ?? (await fromEntries(view, image)) ?? "ro";
  const words = found.split(/\s+/).filter((word) => word !== "" && !word.includes("$"));
  const hasRoot = words.some((word) => word.startsWith("root="));
  return [...(hasRoot ? [] : [`root=UUID=${rootUuid}`]), ...words].join(" ");
}

async function fromGrub(view: GuestView, image: string): Promise<string | null> {
  for (const menu of GRUB_MENUS) {
    const found = findArguments((await view.readText(menu)) ?? "", image);
    if (found !== null) return found;
  }
  return null;
}

/** Boot Loader Specification: `linux` and `options` in a file for each kernel. */
async function fromEntries(view: GuestView, image: string): Promise<string | null> {
  const name = image.slice(image.lastIndexOf("/") + 1);
  for (const file of (await view.list(ENTRIES)).slice(0, MAX_ENTRIES)) {
    if (!file.endsWith(".conf")) continue;
    const text = (await view.readText(`${ENTRIES}/${file}`)) ?? "";
    if (/^linux[ \t]+(\S+)/m.exec(text)?.[1]?.endsWith(`/${name}`) === true)
      return /^options[ \t]+(.*)$/m.exec(text)?.[1] ?? "";
  }
  return null;
}
