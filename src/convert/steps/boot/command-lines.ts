// SPDX-License-Identifier: Apache-2.0
// Common to the steps of all boot loaders: words of a kernel's command line get names that the VM's disks have, and what waits
// for a volume or a SAN that the VM lacks is taken out.
import { guestFiles, isHardwareName, makeProblem, named, type Problem } from "../../../core/index.ts";
import type { Draft } from "../draft.ts";
import type { StepContext } from "../step.ts";
import { readVolumes } from "../../names/volumes.ts";
import { nameCards } from "../../loaders/card-words.ts";
import { bareNames } from "../../loaders/bare-kernels.ts";
import type { CommandLine, CommandLineFiles, EditLine } from "../../loaders/command-lines.ts";
import { type DeviceNames, type LostWord, nameDevices, nameStyle } from "../../loaders/devices.ts";
import { type WithoutLost, withoutLostVolumes } from "../../loaders/lost-volumes.ts";
import { withoutSanWords } from "../../loaders/san-words.ts";

const WHY =
  "The kernel would look for its root, or the swap to resume from, by a name that the VM's disks do not have";
const WHY_OUT = "The initramfs would wait for a volume or a SAN that the VM does not have";
const WHY_CARD = "The initramfs would look for a network card by a name that none of the VM's cards has";
const AGAIN = "; so that it survives when the menu is generated again";

/** Menus are edited in place: a tool that generates them would look at this machine and its firmware. */
export async function convertCommandLines(
  kinds: readonly CommandLineFiles[],
  context: StepContext,
): Promise<void> {
  const { intent, view, draft } = context;
  const names = deviceNames(context);
  const found: Found[] = [];
  for (const kind of kinds)
    for (const path of await kind.paths(view)) {
      const again = kind.role === "menu" ? "" : AGAIN;
      const lost: LostWord[] = [];
      const san: string[] = [];
      const unseen: string[] = [];
      const name: EditLine = (line) => {
        const edited = nameDevices(line, names);
        lost.push(...edited.lost);
        return edited.text;
      };
      const takeOut: EditLine = (line) => {
        const edited = withoutLost(line, names);
        san.push(...edited.san);
        unseen.push(...edited.unseen);
        return edited.text;
      };
      // What goes makes room for longer names, in a file of fixed size (grubenv).
      await editFile(kind, path, { draft, why: `${WHY_OUT}${again}`, edit: takeOut });
      await editFile(kind, path, { draft, why: `${WHY}${again}`, edit: name });
      const cards: string[] = [];
      const nameCard: EditLine = ({ text }) => {
        const edited = nameCards(text, intent.nics);
        cards.push(...edited.lost);
        return edited.text;
      };
      await editFile(kind, path, { draft, why: `${WHY_CARD}${again}`, edit: nameCard });
      found.push({ path, lost, san, unseen, cards });
    }
  for (const problem of problemsOf(found)) draft.problem(problem);
}

export function deviceNames({ guest, intent }: Pick<StepContext, "guest" | "intent">): DeviceNames {
  const volumes = readVolumes(guest, intent);
  const root = volumes.volumeOf(guest.root);
  const names = { volumes, style: nameStyle(guest), bare: bareNames(guest, intent) };
  return root === null ? names : { ...names, root };
}

/** `san`: words that were taken out. The root lies on a given disk; a line whose root does not is another system's. */
export function withoutLost(line: CommandLine, names: DeviceNames): WithoutLost & Pick<Found, "san"> {
  const { text, unseen } = withoutLostVolumes(line.text, names.volumes);
  const isOthers = nameDevices(line, names).lost.some(({ kind }) => kind === "root");
  const { text: edited, words } = isOthers ? { text, words: [] } : withoutSanWords(text);
  return { text: edited, unseen, san: words };
}

type Found = {
  readonly path: string;
  readonly lost: readonly LostWord[];
  readonly san: readonly string[];
  readonly unseen: readonly string[];
  readonly cards: readonly string[];
};

const MAX_PROBLEMS = 20;

function problemsOf(found: readonly Found[]): readonly Problem[] {
  const paths = new Map<string, { word: LostWord; paths: Set<string> }>();
  for (const { path, lost } of found)
    for (const word of lost) {
      const key = `${word.key}=${word.device}`;
      const one = paths.get(key) ?? { word, paths: new Set() };
      paths.set(key, { word, paths: one.paths.add(path) });
    }
  const lost = [...paths.values()].slice(0, MAX_PROBLEMS).map((one) => lostWord(one.word, [...one.paths]));
  const words = [...new Set(found.flatMap(({ san }) => san))].slice(0, MAX_PROBLEMS);
  const from = found.flatMap(({ path, san }) => (san.length > 0 ? [path] : []));
  const unseen = [...new Set(found.flatMap((one) => one.unseen))].slice(0, MAX_PROBLEMS);
  const cards = [...new Set(found.flatMap((one) => one.cards))].slice(0, MAX_PROBLEMS);
  return [
    ...lost,
    ...(words.length === 0 ? [] : [bootFromSan(words, from)]),
    ...(unseen.length === 0
      ? []
      : [
          unseenVolumes(
            unseen,
            found.flatMap((one) => (one.unseen.length > 0 ? [one.path] : [])),
          ),
        ]),
    ...cards.map((card) =>
      lostCard(
        card,
        found.filter((one) => one.cards.includes(card)).map(({ path }) => path),
      ),
    ),
  ];
}

const unseenVolumes = (words: readonly string[], paths: readonly string[]): Problem =>
  makeProblem("word-not-given", {
    about: guestFiles(...paths),
    severity: "notes",
    text: `${words.join(" ")} in ${paths.join(" and ")} ${words.length > 1 ? "name" : "names"} what is not seen on the given disks; it may lie in a volume that cannot be opened here`,
    advice: "If it is on none of them, take the word out: the initramfs waits for it, and stops in a shell",
  });

const lostCard = (card: string, paths: readonly string[]): Problem =>
  makeProblem("nic-not-in-vm", {
    about: [{ kind: "nic", name: card, mac: null }, ...guestFiles(...paths)],
    text: `A kernel's word in ${paths.join(" and ")} names the network card ${card}, which the VM does not have`,
    advice:
      "If its initramfs needs the network, correct the word, or give the VM a card of that name (--nic)",
  });

function lostWord({ kind, key, device }: LostWord, paths: readonly string[]): Problem {
  const about = [...named("device", device), ...guestFiles(...paths)];
  const where = paths.join(" and ");
  return kind === "root"
    ? makeProblem("root-not-given", {
        about,
        text: `${where} ${paths.length > 1 ? "name" : "names"} ${key}=${device}, and ${isHardwareName(device) ? "nothing on the given disks is known by that name" : "none of the given disks holds it"}`,
        advice:
          "If this is the entry that boots by default, the VM will not find its root; give that disk too",
      })
    : makeProblem("word-not-given", {
        about,
        text: `The kernel's word ${key}= in ${where} names ${device}, a name that nothing in the VM has`,
        advice: `Give that disk too, ${isHardwareName(device) ? "name it there by UUID, " : ""}or take the word out: the VM may wait for it at boot`,
      });
}

export const bootFromSan = (words: readonly string[], paths: readonly string[]): Problem =>
  makeProblem("boot-from-san", {
    about: guestFiles(...paths),
    text: `The machine boots from a SAN, by the words ${words.join(" ")} in ${paths.join(" and ")}; they are taken out, since the VM has that volume as a disk`,
    advice:
      "Give the card an address of its own in the VM if it had that from the firmware (iBFT), and stop services that log in to that SAN (iscsid, iscsi)",
  });

/** Edits one file of a loader, and reports it if the edited text does not fit. */
export async function editFile(
  kind: CommandLineFiles,
  path: string,
  {
    draft,
    why,
    edit,
    severity = kind.severity,
  }: { draft: Draft; why: string; edit: EditLine; severity?: CommandLineFiles["severity"] },
): Promise<void> {
  let fits = true;
  await draft.edit(path, {
    why,
    severity,
    edit: (text) => {
      const edited = kind.edit(text, edit);
      fits = edited !== null;
      return edited ?? text;
    },
  });
  if (!fits)
    draft.problem(
      makeProblem("loader-file-full", {
        about: guestFiles(path),
        text: `${path} in the guest has a fixed size, and the new words of its command line do not fit`,
        advice: "Shorten the command line there on the machine, and make the plan again",
      }),
    );
}
