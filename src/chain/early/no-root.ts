// SPDX-License-Identifier: Apache-2.0
// The kernel's words name no root: who else may know it, and who stops there? Pure.
import type { VmModel } from "../../core/index.ts";
import { kernelWords } from "../words.ts";
import { hasSystemd, type Image, packedWords } from "./image.ts";

export type NoRoot = {
  readonly words: string;
  /** Variables that the words come from, and that nothing sets. */
  readonly unset: readonly string[];
  /** null: it could not be read, or there is none. */
  readonly image: Image | null;
  readonly hasInitramfs: boolean;
  readonly firmware: VmModel["firmware"]["kind"];
};

/** `stops`: the boot ends there. */
export function judgeNoRoot(given: NoRoot): { readonly stops: boolean; readonly why: string } {
  const { unset, image, hasInitramfs } = given;
  const from =
    unset.length === 0
      ? ""
      : ` (they come from ${unset
          .slice(0, 4)
          .map((name) => `$${name}`)
          .join(" and ")}, which neither grubenv nor the menu sets)`;
  const none = `the kernel's words name no root${from}`;
  if (!hasInitramfs) return { stops: false, why: `${none}: the kernel takes the one that is built into it` };
  const stops = image !== null && needsRoot(image, given);
  return stops
    ? { stops, why: `${none}, and the initramfs of ${String(image.maker)} stops without one` }
    : { stops, why: `${none}: the initramfs knows it, or looks for it` };
}

/**
 * initramfs-tools: scripts/local, "No root device specified"; its configuration may set ROOT, and `boot=` names other scripts.
 * dracut: "No or empty root= argument"; with systemd the partition table may tell, where the firmware is UEFI
 * (systemd-gpt-auto-generator(8)).
 */
function needsRoot({ maker, entries }: Image, { words, firmware }: NoRoot): boolean {
  const all = kernelWords(words);
  if (maker === "initramfs-tools")
    return (
      !all.some((word) => /^boot=(?!local$)/.test(word)) &&
      ![...entries.values()].some(
        ({ path, content }) =>
          path.startsWith("conf/") &&
          /^[ \t]*(?:export[ \t]+)?ROOT=./m.test(content?.toString("latin1") ?? ""),
      )
    );
  if (maker !== "dracut" || all.some((word) => word.startsWith("netroot="))) return false;
  const packed = packedWords(entries);
  if (packed === null || /(?:^|\s)(?:net)?root=/.test(packed)) return false;
  return firmware === "bios" || (entries.has("init") && !hasSystemd(entries));
}
