// SPDX-License-Identifier: Apache-2.0
// What dracut is told to open before the root (dracut.cmdline(7)): it waits for each, and ends in a shell where one does not
// come; and a root on LVM that is not among them is never opened.
import { type BlockGraph, type ChainLink, named, type NodeId, resolveSpec } from "../../core/index.ts";
import { broken, type Ground } from "../ground.ts";
import type { Image } from "./image.ts";
import { partialFault } from "../partial.ts";
import { kernelWords } from "../words.ts";

const place = "initramfs";
const ADVICE =
  "Give the disk that holds it too, or take the word out of the boot menu on the machine, and plan again";

/** `words`: of the default entry; null: not known. */
export function readWaits(
  words: string | null,
  image: Image | null,
  { guest, intent }: Ground,
): readonly ChainLink[] {
  if (words === null || (image === null ? guest.initramfsTool : image.maker) !== "dracut") return [];
  const { storage } = intent;
  const all = kernelWords(words);
  const valuesOf = (key: string): readonly string[] =>
    all.flatMap((word) => (word.startsWith(`${key}=`) ? [word.slice(key.length + 1)] : []));
  const lost = [
    ...valuesOf("rd.lvm.lv")
      .filter((name) => isLost(storage, name))
      .map((name) => `rd.lvm.lv=${name}`),
    ...valuesOf("rd.luks.uuid")
      .filter((uuid) => !hasUuid(storage, "luks", uuid.replace(/^luks-/, "")))
      .map((uuid) => `rd.luks.uuid=${uuid}`),
    ...valuesOf("rd.md.uuid")
      .filter((uuid) => !hasUuid(storage, "md", uuid))
      .map((uuid) => `rd.md.uuid=${uuid}`),
  ];
  const links = lost.slice(0, 5).map((word) =>
    broken(place, {
      text: word,
      why: `dracut waits for ${word}, which is not (or not whole) on the given disks, and opens a shell`,
      advice: ADVICE,
      about: named("device", word),
    }),
  );
  const volume = volumeBelow(storage, guest.root);
  const volumes = valuesOf("rd.lvm.lv");
  const isOpened =
    volume === null ||
    volumes.length === 0 ||
    volumes.includes(volume) ||
    valuesOf("rd.lvm.vg").includes(volume.split("/")[0] ?? "") ||
    all.some((word) => /^rd\.auto(?:=1|=yes)?$/.test(word));
  if (!isOpened)
    links.push(
      broken(place, {
        text: `rd.lvm.lv=${volumes.join(", ")}`,
        why: `the root is on ${volume}, and dracut is told to open other volumes only`,
        advice: `Add rd.lvm.lv=${volume} to the boot menu on the machine, and plan again`,
        about: named("logical-volume", volume ?? ""),
      }),
    );
  return links;
}

/** It is on no disk, or lies in part on a disk that is not given. */
function isLost(storage: BlockGraph, volume: string): boolean {
  const found = resolveSpec(storage, `/dev/${volume}`);
  if (found.kind !== "found") return found.kind === "absent";
  return partialFault(storage, found.node)?.kind === "lost";
}

/** A beginning of a UUID is enough for dracut. */
function hasUuid({ nodes }: BlockGraph, kind: "luks" | "md", wanted: string): boolean {
  const plain = (uuid: string): string => uuid.replaceAll(/[-:]/g, "").toLowerCase();
  return nodes.some(({ holds }) => holds.kind === kind && plain(holds.uuid).startsWith(plain(wanted)));
}

/** The logical volume that a file system lies on: `vg0/root`. */
function volumeBelow({ nodes, edges }: BlockGraph, id: NodeId): string | null {
  const below = edges.find(({ from }) => from === id)?.to;
  const holds = nodes.find((node) => node.id === below)?.holds;
  return holds?.kind === "lvm-lv" ? holds.name : null;
}
