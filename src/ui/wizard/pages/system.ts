// SPDX-License-Identifier: Apache-2.0
// Several installed systems on the disks: the one that becomes the VM's. Only the person knows where nothing on the disks tells.
import { nodesAbove, type Subject } from "../../../core/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { answer, type WizardState, withAnswers } from "../state.ts";

type System = Extract<Subject, { kind: "system" }>;

export const system: Page = {
  name: "system",
  help: "The disks hold more than one installed system: an older one, a copy, a second one to start by hand. One of them is converted for the VM; the others are copied as they are. The one that is marked is what the machine starts, as far as its boot code, menus and file systems tell.",
  applies: (state) => systems(state).length > 1,
  box: (state) => ({
    kind: "menu",
    title: "Installed systems",
    text: paragraphs("The disks hold several installed systems. Which one is the VM to run?"),
    items: systems(state).map((one) => ({ tag: placeOf(state, one), label: one.title })),
    chosen: placeOf(state, chosen(state)),
  }),
  take: (state, [place = ""]) => {
    const taken = systems(state).find((one) => placeOf(state, one) === place);
    if (taken === undefined) return state;
    const next = withAnswers(state, { root: nameOf(state, taken) });
    // Its name, its network: all that was found is another one's.
    return taken === chosen(state) ? next : { ...next, lookedAt: false };
  },
};

/** As the person knows it: `/dev/sda2`. */
const placeOf = (state: WizardState, one: System | undefined): string =>
  state.machine.storage.nodes.find(({ id }) => id === one?.node)?.path ?? one?.node ?? "";

/** Its UUID, which stays the same whatever the disks are called, unless a copy has the same. */
function nameOf(state: WizardState, { node, uuid }: System): string {
  return systems(state).filter((one) => one.uuid === uuid).length > 1 ? node : uuid;
}

function chosen(state: WizardState): System | undefined {
  const all = systems(state);
  const named = answer(state, "root");
  return (
    all.find(({ node, uuid }) => named === node || named === uuid) ??
    all.find(({ node }) => node === state.guest?.root)
  );
}

/** On the disks that were chosen. */
function systems(state: WizardState): readonly System[] {
  const { storage } = state.machine;
  const taken = new Set(
    storage.nodes
      .filter(({ path }) => path !== null && (state.answers.get("disk") ?? state.disks).includes(path))
      .flatMap(({ id }) => nodesAbove(storage, id).map((node) => node.id)),
  );
  const isTaken = (node: string): boolean => taken.has(node) || !storage.nodes.some(({ id }) => id === node);
  return state.problems
    .flatMap(({ about }) => about.filter((subject): subject is System => subject.kind === "system"))
    .filter(({ node }) => isTaken(node));
}
