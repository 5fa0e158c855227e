// SPDX-License-Identifier: Apache-2.0
// The keyboard of the screen: passwords are typed next.
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";

/** Names as loadkeys(1) knows them, of Debian's console-data. */
const LAYOUTS: readonly (readonly [name: string, label: string])[] = [
  ["us", "English, United States"],
  ["uk", "English, United Kingdom"],
  ["de-latin1", "German"],
  ["sg-latin1", "German, Switzerland"],
  ["fr-latin9", "French"],
  ["fr_CH", "French, Switzerland"],
  ["be-latin1", "Belgian"],
  ["nl", "Dutch"],
  ["es", "Spanish"],
  ["pt-latin1", "Portuguese"],
  ["br-abnt2", "Portuguese, Brazil"],
  ["it", "Italian"],
  ["dk-latin1", "Danish"],
  ["no-latin1", "Norwegian"],
  ["se-latin1", "Swedish"],
  ["fi-latin1", "Finnish"],
  ["pl", "Polish"],
  ["cz-lat2", "Czech"],
  ["hu", "Hungarian"],
  ["ru", "Russian"],
  ["ua", "Ukrainian"],
  ["jp106", "Japanese"],
];

export const keyboard: Page = {
  name: "keyboard",
  help: "The layout of the keyboard at this machine, or of the one that a remote console (iDRAC, iLO, IPMI) pretends to be: those are most often as the computer in front of you. A serial line sends letters, not keys, and needs no layout.",
  applies: ({ live }) => live,
  box: ({ keyboard: { wanted } }) => ({
    kind: "menu",
    title: "Keyboard",
    text: paragraphs("Which layout has this keyboard? On a serial line it does not matter."),
    items: LAYOUTS.map(([tag, label]) => ({ tag, label })),
    chosen: wanted,
  }),
  take: (state, [tag = "us"]) => ({ ...state, keyboard: { ...state.keyboard, wanted: tag } }),
};
