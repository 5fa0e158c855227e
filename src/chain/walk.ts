// SPDX-License-Identifier: Apache-2.0
// Walks the chain of boot over the result, as the plan will leave it, the way the VM will. It knows nothing of what made it so.
import {
  type Chain,
  type ChainLink,
  type GuestOS,
  type GuestView,
  type Intent,
  type VmModel,
} from "../core/index.ts";
import { startFirmware } from "./firmware/firmware.ts";
import { assumed, type Ground, proven } from "./ground.ts";
import { withGoal } from "./goal.ts";
import { readImage } from "./early/image.ts";
import { readLuksLinks } from "./early/luks.ts";
import { readInitramfsLink } from "./early/initramfs.ts";
import { readKernelLink } from "./kernel/kernel.ts";
import { readLoaderLink } from "./loader.ts";
import { readMountLinks } from "./mounts.ts";
import { readNetworkLinks } from "./network/network.ts";
import { readInitLink, readRootLink } from "./root.ts";
import { readWaits } from "./early/waits.ts";
import { lastWord } from "./words.ts";

export type WalkOptions = {
  /** The guest with all changes. */
  readonly view: GuestView;
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly vm: VmModel;
  readonly signal: AbortSignal;
};

export async function walkChain({ view, guest, intent, vm, signal }: WalkOptions): Promise<Chain> {
  const platform = intent.hypervisor === "xen" ? "xen" : "kvm";
  const ground: Ground = { view, guest, intent, vm, platform, signal };
  const started = await startFirmware(ground);
  const { link: loader, entry } = await readLoaderLink(started, ground);
  signal.throwIfAborted();
  const { link: kernelLink, kernel, words } = await readKernelLink(entry, ground);
  const read = await readImage({ entry, kernel }, ground);
  const image = read?.kind === "read" ? read : null;
  const early = {
    image,
    unset: entry?.unset ?? [],
    hasInitramfs: entry === null ? kernel?.initramfs !== null : entry.unified || entry.initramfs.length > 0,
    release: kernel?.version ?? null,
  };
  const links: readonly ChainLink[] = [
    started.link,
    loader,
    kernelLink,
    await readInitramfsLink({ entry, kernel, read }, ground),
    ...readLuksLinks(words, image, ground),
    ...readWaits(words, image, ground),
    await readRootLink(words, ground, early),
    await withGoal(await readInitLink(words, ground, early), words, ground),
    ...(await readMountLinks(words, ground)),
    ...(await readNetworkLinks({ kernel, words }, ground)),
    consoleLink(words),
  ];
  return { platform, links: entry?.bySectors === true ? links.map(ofSectors) : links };
}

/** What a file holds is not what is loaded, where it is loaded by sectors that it once had. */
const ofSectors = (link: ChainLink): ChainLink =>
  link.verdict === "proven" && (link.place === "kernel" || link.place === "initramfs")
    ? {
        ...link,
        verdict: "assumed",
        why: `${String(link.why)}; the loader reads sectors of its map, which may be those of an older file`,
      }
    : link;

/** What a person sees of the boot; it stops nothing. */
function consoleLink(words: string | null): ChainLink {
  const place = "console";
  const last = lastWord(words ?? "", "console");
  if (words === null) return assumed(place, { text: "screen", why: "the kernel's words are not known" });
  if (last === null) return proven(place, { text: "screen", why: "the kernel's words name no other" });
  const isOfVm = /^(?:tty\d*|ttyS0|hvc0)(?:,|$)/.test(last);
  return isOfVm
    ? proven(place, { text: last, why: "a console that the VM has" })
    : assumed(place, {
        text: last,
        why: "the VM has no such console: messages of the boot are seen on the others only",
      });
}
