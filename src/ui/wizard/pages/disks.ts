// SPDX-License-Identifier: Apache-2.0
// Which disks go along, and what leaving one out breaks.
import {
  type BlockGraph,
  formatBytes,
  type Holds,
  nodesAbove,
  pathsToDisks,
  UserError,
} from "../../../core/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { type WizardState, withAnswers } from "../state.ts";

export const disks: Page = {
  name: "disks",
  help: "All disks go along unless you say otherwise. Only blocks in use are copied; free space costs nothing. A disk that is left out is missing in the VM: what the installed system mounts from it will not be there.\n\nSpace turns a disk on or off.",
  applies: () => true,
  box: (state) => ({
    kind: "checklist",
    title: "Disks",
    text: paragraphs(system(state), "Which disks shall the VM have? Space turns one on or off."),
    items: state.disks.map((path) => ({
      tag: path,
      label: describe(state.machine.storage, path),
      on: chosen(state).includes(path),
    })),
  }),
  take: (state, values) => {
    if (values.length === 0)
      throw new UserError("answer-missing", "No disk is chosen", {
        advice: "Choose at least the disk with the installed system, with Space",
      });
    const taken = state.disks.filter((path) => values.includes(path));
    // The system that was chosen may lie on a disk that stays behind now.
    const same = taken.join("\n") === chosen(state).join("\n");
    return withAnswers(state, same ? { disk: taken } : { disk: taken, root: "" });
  },
};

const chosen = (state: WizardState): readonly string[] => state.answers.get("disk") ?? state.disks;

const system = ({ guest, lookedAt }: WizardState): string =>
  guest !== null
    ? `Installed: ${guest.title}${guest.hostname === null ? "" : `, host name ${guest.hostname}`}.`
    : lookedAt
      ? "No installed Linux system was recognized: the disks would be copied as they are."
      : "";

function describe(storage: BlockGraph, path: string): string {
  const node = storage.nodes.find((one) => one.path === path && one.holds.kind === "disk");
  if (node === undefined || node.holds.kind !== "disk") return "not looked at";
  const names = nodesAbove(storage, node.id)
    .flatMap(({ holds }) => nameOf(holds))
    .slice(0, 4);
  const paths = pathsToDisks(storage).get(node.id)?.length ?? 1;
  return [formatBytes(node.sizeBytes), node.holds.model, names.join(" "), paths === 1 ? "" : `${paths} paths`]
    .filter((one) => one !== "")
    .join(", ");
}

function nameOf(holds: Holds): readonly string[] {
  if (holds.kind === "filesystem") return [holds.type];
  if (holds.kind === "md-member") return ["RAID"];
  return holds.kind === "partition" || holds.kind === "disk" ? [] : [holds.kind];
}
