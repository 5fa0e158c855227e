// SPDX-License-Identifier: Apache-2.0
// Encrypted volumes that nobody has opened yet: their passphrase, or they go as they are.
import { type BlockNode, Secret } from "../../../core/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { type WizardState, withAnswers } from "../state.ts";

export const encryption: Page = {
  name: "encryption",
  help: "With the passphrase the system in the volume is converted like any other, and only blocks in use are copied. The VM asks for the same passphrase when it starts. It is kept in memory; no file has it.\n\nWithout it the volume is copied whole, every block, and a system in it stays as it is: mostly it does not boot as a VM.\n\nSeveral volumes with passphrases of their own: type one, Next, and come back for the next. A key file: p2v.key=PATH at boot, or --key.",
  applies: (state) => locked(state).length > 0,
  box: (state) => ({
    kind: "form",
    title: "Encrypted volumes",
    text: paragraphs(
      `These volumes are encrypted (LUKS): ${list(locked(state).map(({ path }) => path))}.`,
      "With their passphrase, what is in them is converted too. Leave it empty, and they are copied as they are.",
    ),
    fields: [{ label: "Passphrase", value: "", secret: true, fresh: true }],
  }),
  take: (state, [text = ""]) => {
    const typed = text === "" ? [] : [new Secret(Buffer.from(text))];
    // What opened nothing so far was wrong.
    if (opened(state)) return again(state, [...state.passphrases, ...typed], typed.length > 0);
    const changed = typed.length > 0 || state.passphrases.length > 0;
    return again(text === "" ? state : withAnswers(state, { key: "" }), typed, changed);
  },
};

/** The disks are looked at anew. */
const again = (state: WizardState, passphrases: readonly Secret[], changed: boolean): WizardState =>
  changed ? { ...state, passphrases, lookedAt: false } : state;

function locked({ machine }: WizardState): readonly BlockNode[] {
  const { nodes, edges } = machine.storage;
  return nodes.filter(({ id, holds }) => holds.kind === "luks" && !edges.some(({ to }) => to === id));
}

const opened = ({ machine }: WizardState): boolean =>
  machine.storage.nodes.some(({ holds }) => holds.kind === "crypt");

/** A page has room for a few. */
const list = (paths: readonly string[]): string =>
  paths.length <= 6 ? paths.join(", ") : `${paths.slice(0, 6).join(", ")} and ${paths.length - 6} more`;
