// SPDX-License-Identifier: Apache-2.0
// What a page shows, as arguments of Debian's dialog (its manual, 1.3), and what dialog answers. Pure.
import { wrap } from "../settings/index.ts";

export type Item = { readonly tag: string; readonly label: string; readonly on?: boolean };
export type Field = { readonly label: string; readonly value: string; readonly secret?: boolean };

type Common = { readonly title: string; readonly text: string };
export type Box =
  /** Read, scrolled where it is long. */
  | (Common & { readonly kind: "text"; readonly next?: string; readonly back?: string })
  | (Common & { readonly kind: "menu"; readonly items: readonly Item[]; readonly chosen: string | null })
  | (Common & { readonly kind: "checklist"; readonly items: readonly Item[] })
  | (Common & { readonly kind: "form"; readonly fields: readonly Field[] });

/** `values`: of a menu one tag, of a checklist those that are on, of a form each field's. */
export type BoxAnswer =
  | { readonly kind: "next"; readonly values: readonly string[] }
  | { readonly kind: "back" }
  | { readonly kind: "help" }
  /** Esc, or the terminal is gone. */
  | { readonly kind: "escape" };

const ROWS = 22;
const COLUMNS = 76;
/** Of the text inside the frame. */
export const TEXT_COLUMNS = COLUMNS - 4;

/** Distinct from Esc, which is 255. */
export const DIALOG_ENVIRONMENT = { DIALOG_ERROR: "254", DIALOGRC: "/dev/null" } as const;

export function renderBox(box: Box): readonly string[] {
  const argv = ["dialog", "--backtitle", "virt-p2v: F1 help, Tab and arrows move, Enter takes, Esc asks"];
  argv.push("--ascii-lines", "--no-shadow", "--no-collapse", "--cr-wrap");
  argv.push("--output-fd", "3", "--title", box.title, "--help-button");
  const size = [`${ROWS}`, `${COLUMNS}`];
  const text = asciiText(box.text);
  switch (box.kind) {
    case "text":
      argv.push("--yes-label", box.next ?? "Next", "--no-label", box.back ?? "Back", "--yesno", text);
      return [...argv, ...size];
    case "menu":
      argv.push(...BUTTONS, ...(box.chosen === null ? [] : ["--default-item", box.chosen]), "--menu", text);
      return [...argv, ...size, rows(box), ...box.items.flatMap(({ tag, label }) => [tag, asciiText(label)])];
    case "checklist":
      argv.push(...BUTTONS, "--separate-output", "--checklist", text, ...size, rows(box));
      return [
        ...argv,
        ...box.items.flatMap(({ tag, label, on }) => [tag, asciiText(label), on === true ? "on" : "off"]),
      ];
    case "form": {
      const head = Math.max(...box.fields.map(({ label }) => label.length)) + 2;
      argv.push(...BUTTONS, "--insecure", "--mixedform", text, ...size, `${box.fields.length}`);
      for (const [index, { label, value, secret }] of box.fields.entries()) {
        const row = `${index + 1}`;
        argv.push(
          label,
          row,
          "1",
          value,
          row,
          `${head}`,
          `${TEXT_COLUMNS - head - 2}`,
          "255",
          secret === true ? "1" : "0",
        );
      }
      return argv;
    }
  }
}

const BUTTONS = ["--ok-label", "Next", "--cancel-label", "Back"] as const;

const rows = ({ items }: { readonly items: readonly Item[] }): string => `${Math.min(items.length, 12)}`;

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
  if (code === 1) return { kind: "back" };
  if (code === 2) return { kind: "help" };
  if (code !== 0) return { kind: "escape" };
  if (box.kind === "text") return { kind: "next", values: [] };
  const lines = answer.replace(/\n$/, "").split("\n");
  if (box.kind === "form")
    return { kind: "next", values: box.fields.map((_, index) => (lines[index] ?? "").trim()) };
  return { kind: "next", values: lines.filter((line) => line !== "") };
}
