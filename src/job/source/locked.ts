// SPDX-License-Identifier: Apache-2.0
// LUKS volumes that no key was given for, and those that were opened: what that means for this machine. Pure.
import {
  type BlockGraph,
  type GuestOS,
  luksBelow,
  makeProblem,
  named,
  namesIn,
  type Problem,
} from "../../core/index.ts";

/** One word for all of them. Those that a given key did not open were told with the reason. */
export function lockedVolumes(
  storage: BlockGraph,
  { hasGuest, told }: { readonly hasGuest: boolean; readonly told: readonly Problem[] },
): readonly Problem[] {
  const uuids = storage.nodes.flatMap(({ id, holds }) =>
    holds.kind === "luks" &&
    !storage.edges.some(({ to }) => to === id) &&
    !told.some((problem) => isAbout(problem, holds.uuid))
      ? [holds.uuid]
      : [],
  );
  if (uuids.length === 0) return [];
  const volumes = `${uuids.length === 1 ? "The LUKS volume" : "The LUKS volumes"} ${uuids.slice(0, 8).join(", ")}`;
  const more = uuids.length > 8 ? ` and ${uuids.length - 8} more` : "";
  return [
    makeProblem("luks-locked", {
      about: named("luks", ...uuids),
      severity: hasGuest ? "notes" : "warns",
      text: `${volumes}${more} ${uuids.length === 1 ? "is" : "are"} copied whole, encrypted as now${hasGuest ? "" : "; no installed system was found outside, so none is converted"}`,
      advice:
        "With the passphrase or key (--key FILE) what is in there is converted, and only used blocks are sent",
    }),
  ];
}

const isAbout = (problem: Problem, uuid: string): boolean =>
  problem.code === "luks-not-opened" && namesIn(problem, "luks").includes(uuid);

/** What leaves an encrypted root in plain text. */
export function plainCopies(storage: BlockGraph, guest: Pick<GuestOS, "root"> | null): readonly Problem[] {
  if (guest === null || luksBelow(storage, guest.root).length === 0) return [];
  return [
    makeProblem("luks-plain-copies", {
      about: [],
      text: "Files that the conversion changes in the encrypted system are also kept beside the VM or image as they are, not encrypted, for the way back",
      advice: "Only their owner may read them; remove the directory when the VM is as you want it",
    }),
  ];
}
