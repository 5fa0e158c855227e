// SPDX-License-Identifier: Apache-2.0
// What a page shows, as arguments of Debian's dialog (its manual, 1.3), and what dialog answers. Pure.
import { wrap } from "../text/wrap.ts";

export type Item = { readonly tag: string; readonly label: string; readonly on?: boolean };
export type Field = {
  readonly label: string;
  readonly value: string;
  readonly secret?: boolean;
  /** Typed anew each time: what stood there is never put into the arguments of dialog. */
  readonly fresh?: true;
};

type Common = { readonly title: string; readonly text: string };
export type Box =
  /** Read, scrolled where it is long. */
  | (Common & { readonly kind: "text"; readonly next?: string; readonly back?: string })
  | (Common & { readonly kind: "menu"; readonly items: readonly Item[]; readonly chosen: string | null })
  | (Common & { readonly kind: "checklist"; readonly items: readonly Item[] })
  | (Common & { readonly kind: "form"; readonly fields: readonly Field[] });

/**
 * `values`: of a menu one tag, of a checklist those that are on, of a form each field's; as they stood, also where they were
 * not taken.
 */
export type BoxAnswer = { readonly kind: "next" | "back" | "help"; readonly values: readonly string[] };

const ROWS = 22;
const COLUMNS = 76;
/** Of the text inside the frame. */
export const TEXT_COLUMNS = COLUMNS - 4;
/** Of a text that is read: less frame and buttons. */
export const TEXT_ROWS = ROWS - 5;

/**
 * Esc is the button Back, for dialog's own Esc would lose what was typed (its manual, KEY BINDINGS). The keys of a terminal
 * come as more than one byte, and are known before.
 */
export const DIALOG_RC = `use_shadow = OFF
use_colors = ON
bindkey * ^[ EXTRA
bindkey * F1 HELP
`;

/** Distinct from 255, which also is a terminal that is gone. */
export const DIALOG_ERROR = 254;

/** A single argument may have 128 KiB (Linux, MAX_ARG_STRLEN). */
const MAX_TEXT = 100_000;

export function renderBox(box: Box): readonly string[] {
  const [next, back] = box.kind === "text" ? [box.next ?? "Next", box.back ?? "Back"] : ["Next", "Back"];
  const argv = [
    "dialog",
    "--backtitle",
    "virt-p2v: Tab and arrows move, Enter takes, Esc goes back, F1 helps",
  ];
  argv.push(
    "--ascii-lines",
    "--no-collapse",
    "--cr-wrap",
    "--output-fd",
    "3",
    "--title",
    asciiText(box.title),
  );
  argv.push("--no-cancel", "--ok-label", next, "--extra-button", "--extra-label", back);
  argv.push("--help-button", "--help-status");
  const size = [`${ROWS}`, `${COLUMNS}`];
  const text = asciiText(shortened(box.text));
  switch (box.kind) {
    case "text":
      return [...argv, "--msgbox", text, ...size];
    case "menu":
      argv.push(...(box.chosen === null ? [] : ["--default-item", box.chosen]), "--menu", text, ...size);
      return [...argv, rows(box), ...box.items.flatMap(({ tag, label }) => [tag, asciiText(label)])];
    case "checklist":
      argv.push("--separate-output", "--checklist", text, ...size, rows(box));
      return [
        ...argv,
        ...box.items.flatMap(({ tag, label, on }) => [tag, asciiText(label), on === true ? "on" : "off"]),
      ];
    case "form": {
      const head = Math.max(...box.fields.map(({ label }) => label.length)) + 2;
      const width = `${TEXT_COLUMNS - head - 2}`;
      argv.push("--insecure", "--mixedform", text, ...size, `${Math.min(box.fields.length, MAX_ROWS)}`);
      for (const [index, { label, value, secret }] of box.fields.entries()) {
        const row = `${index + 1}`;
        argv.push(label, row, "1", value, row, `${head}`, width, "255", secret === true ? "1" : "0");
      }
      return argv;
    }
  }
}

const MAX_ROWS = 12;

const rows = ({ items }: { readonly items: readonly Item[] }): string =>
  `${Math.min(items.length, MAX_ROWS)}`;

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}\n... (the report has all of it)`;
}

/** A serial line may know no more; dialog itself reads backslashes. */
export function asciiText(text: string): string {
  return text.replace(/[^\n\x20-\x7e]/g, "?").replaceAll("\\", "/");
}

/** Paragraphs at the width of the box; lines that begin with a blank stay as they are. */
export function paragraphs(...texts: readonly string[]): string {
  return texts.map((text) => (/^\s/.test(text) ? text : wrap(text, { width: TEXT_COLUMNS }))).join("\n\n");
}

/** `code` and `answer` of dialog. */
export function readAnswer(box: Box, { code, answer }: { code: number; answer: string }): BoxAnswer {
  // --help-status: a line HELP with the item, then all as it stands; of a menu the item is all there is.
  const [, tag = "", rest = ""] =
    code === 2 ? (/^HELP (.*)\n?([^]*)$/.exec(answer) ?? []) : [null, "", answer];
  const text = box.kind === "menu" && code === 2 ? tag : rest;
  const lines = text.replace(/\n$/, "").split("\n");
  const values =
    box.kind === "form"
      ? box.fields.map(({ secret }, index) =>
          secret === true ? (lines[index] ?? "") : (lines[index] ?? "").trim(),
        )
      : lines.filter((line) => line !== "");
  return { kind: code === 0 ? "next" : code === 2 ? "help" : "back", values };
}

/** The box with what stood in it when it was left. */
export function withDraft(box: Box, draft: readonly string[] | undefined): Box {
  if (draft === undefined) return box;
  switch (box.kind) {
    case "text":
      return box;
    case "menu": {
      const chosen = box.items.find(({ tag }) => tag === draft[0])?.tag;
      return chosen === undefined ? box : { ...box, chosen };
    }
    case "checklist":
      return { ...box, items: box.items.map((item) => ({ ...item, on: draft.includes(item.tag) })) };
    case "form":
      return {
        ...box,
        fields: box.fields.map((field, index) =>
          field.fresh === true ? field : { ...field, value: draft[index] ?? field.value },
        ),
      };
  }
}
