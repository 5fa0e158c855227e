// SPDX-License-Identifier: Apache-2.0
// What files say of the card behind each name, as claims for the resolver; and by what the system makes names.
import {
  CARD_PLACES,
  type CardPlace,
  type GuestView,
  type InterfaceClaim,
  type InterfaceEvidence,
  type InterfaceNaming,
  isInterfaceName,
} from "../../../core/index.ts";
import { readKernelFiles } from "../names/kernel-words.ts";
import { namesIn, normalMac, parseIni, iniValue, readSmall, type Sighting, sighting } from "./source.ts";

export function claimsIn(sightings: readonly Sighting[]): readonly InterfaceClaim[] {
  return sightings.flatMap(({ name, mac, how, slot, from }): InterfaceClaim[] => {
    if (name === null) return [];
    return [
      ...(mac === null ? [] : [{ name, from, by: { kind: "address", mac, how } } as const]),
      ...(slot === null ? [] : [{ name, from, by: { kind: "slot", bus: slot } } as const]),
    ];
  });
}

/** `words`: what kernels are told. */
export async function readEvidence(
  view: GuestView,
  { sightings, words }: { readonly sightings: readonly Sighting[]; readonly words: string },
): Promise<InterfaceEvidence> {
  return { claims: claimsIn(sightings), naming: await readNaming(view, words) };
}

/** All files in which words for kernels stand, one after the other. */
export async function readKernelWords(view: GuestView): Promise<string> {
  return (await readKernelFiles(view)).map(({ text }) => text).join("\n");
}

/** `ifname=lan0:52:54:00:12:34:56` (dracut.cmdline(7)). */
export function wordSightings(words: string): readonly Sighting[] {
  return [
    ...words.matchAll(
      /(?:^|[\s"'])ifname=([A-Za-z0-9._-]{1,15}):((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})/gm,
    ),
  ]
    .slice(0, 100)
    .flatMap(([, name = "", mac]) =>
      isInterfaceName(name)
        ? [sighting({ name, mac: normalMac(mac), how: "names", from: "the kernel's command line" })]
        : [],
    );
}

const LINKS = ["/etc/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network"];
const MASKS = ["/etc/systemd/network/99-default.link", "/etc/udev/rules.d/80-net-setup-link.rules"];

/** systemd.link(5), NamePolicy; net.ifnames=0 and an empty 99-default.link turn it off. Before systemd the kernel counts. */
async function readNaming(view: GuestView, words: string): Promise<InterfaceNaming> {
  if (/(?:^|[\s"'])net\.ifnames=0(?=[\s"']|$)/m.test(words)) return { kind: "kernel" };
  for (const mask of [...MASKS, "/etc/udev/rules.d/80-net-name-slot.rules"])
    if (await isMasked(view, mask)) return { kind: "kernel" };
  for (const directory of LINKS) {
    const text = await readSmall(view, `${directory}/99-default.link`);
    if (text !== null) return namingOf(iniValue(parseIni(text), "Link", "NamePolicy"));
  }
  // Between systemd 197 and 209 a rule did it.
  for (const directory of ["/usr/lib/udev/rules.d", "/lib/udev/rules.d"])
    if ((await namesIn(view, directory)).includes("80-net-name-slot.rules"))
      return { kind: "places", order: ["onboard", "slot", "path"] };
  const hasSystemd =
    (await namesIn(view, "/usr/lib/systemd")).length + (await namesIn(view, "/lib/systemd")).length;
  return { kind: hasSystemd > 0 ? "unknown" : "kernel" };
}

/** Nothing in it, or a link to /dev/null, which leads out of the tree. */
async function isMasked(view: GuestView, path: string): Promise<boolean> {
  const slash = path.lastIndexOf("/");
  if (!(await namesIn(view, path.slice(0, slash))).includes(path.slice(slash + 1))) return false;
  const text = await readSmall(view, path);
  return text === null || text.trim() === "";
}

function namingOf(policy: string | undefined): InterfaceNaming {
  const order = (policy ?? "").split(/\s+/).filter((word): word is CardPlace => isPlace(word));
  return order.length === 0 ? { kind: "kernel" } : { kind: "places", order };
}

const isPlace = (word: string): word is CardPlace => (CARD_PLACES as readonly string[]).includes(word);
