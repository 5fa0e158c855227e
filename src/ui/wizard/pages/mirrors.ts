// SPDX-License-Identifier: Apache-2.0
// Disks that mirror each other: all of them, or one of each mirror.
import { nodesAbove } from "../../../core/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { answer, type WizardState, withAnswers } from "../state.ts";

export const mirrors: Page = {
  name: "mirrors",
  help: "A host usually keeps a VM's disks safe by itself, so that a mirror inside the VM only costs twice the space and time. With one disk of each mirror the arrays stay, with one member each, and are whole with it: boot loader, UUIDs and mdadm.conf stay right. A disk that holds anything else that no other disk has is kept; the plan says which are left out.",
  applies: (state) => members(state).length > 1,
  box: (state) => ({
    kind: "menu",
    title: "Mirrored disks",
    text: paragraphs(
      `These disks are members of a software RAID: ${members(state).join(", ")}.`,
      "Where they mirror each other (RAID 1), shall the VM have all of them?",
    ),
    items: [
      { tag: "keep", label: "each disk, as on this machine" },
      { tag: "one", label: "one disk of each mirror" },
    ],
    chosen: answer(state, "mirrors") ?? "keep",
  }),
  take: (state, [which = ""]) => withAnswers(state, { mirrors: which === "keep" ? "" : which }),
};

function members(state: WizardState): readonly string[] {
  const chosen = state.answers.get("disk") ?? state.disks;
  const { storage } = state.machine;
  return chosen.filter((path) => {
    const disk = storage.nodes.find((node) => node.path === path && node.holds.kind === "disk");
    return disk !== undefined && nodesAbove(storage, disk.id).some(({ holds }) => holds.kind === "md-member");
  });
}
