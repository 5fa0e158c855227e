// SPDX-License-Identifier: Apache-2.0
// The answer of DISCOVER, cut into its sections; and the words in it, none of which is trusted. Pure.
import { type Known, known, lastWords, parseMac, shown, unknown } from "../../core/index.ts";

export type Section = {
  readonly lines: readonly string[];
  /** Of the command; null: it printed more than is kept. */
  readonly code: number | null;
};

export type Sections = {
  get(name: string): Section | null;
  /** [] where there is no such section, or its command failed. */
  lines(name: string): readonly string[];
  /** The script came to its end. */
  readonly complete: boolean;
};

const MAX_SECTIONS = 100;
const MAX_LINES = 100_000;
const MAX_WORD = 255;

/** `mark` is new in each call, so that no name of a VM can begin a section. */
export function parseSections(text: string, mark: string): Sections {
  const found = new Map<string, Section>();
  let complete = false;
  const head = `${mark} `;
  const end = `${mark}= `;
  for (const part of `\n${text}`.split(`\n${head}`, MAX_SECTIONS + 1).slice(1)) {
    const lines = part.split("\n", MAX_LINES);
    const name = lines.shift() ?? "";
    if (name === "end") complete = true;
    const at = lines.findIndex((line) => line.startsWith(end));
    const code = at < 0 ? null : Number.parseInt((lines[at] ?? "").slice(end.length), 10);
    const own = (at < 0 ? lines : lines.slice(0, at)).map((line) => line.replace(/\r$/, ""));
    if (!found.has(name)) found.set(name, { lines: own, code: Number.isSafeInteger(code) ? code : null });
  }
  const get = (name: string): Section | null => found.get(name) ?? null;
  return {
    complete,
    get,
    lines: (name) => {
      const section = get(name);
      return section === null || section.code !== 0 ? [] : section.lines;
    },
  };
}

/** A name that can be shown and given to a command; null where it is none. */
export function cleanName(text: string | undefined): string | null {
  const name = text?.trim() ?? "";
  return name === "" || name.length > MAX_WORD || name !== shown(name) ? null : name;
}

export function knownName(text: string | undefined, why: string): Known<string> {
  const name = cleanName(text);
  return name === null ? unknown(why) : known(name);
}

/** Decimal digits only, times `unit`; unknown where that is not a safe integer. */
export function knownCount(text: string | undefined, why: string, unit = 1): Known<number> {
  const value = /^\d{1,19}$/.test(text?.trim() ?? "") ? Number(text) * unit : Number.NaN;
  return Number.isSafeInteger(value) ? known(value) : unknown(why);
}

/** `key : value`, `KEY=value`; the first of a key counts. */
export function keyValues(lines: readonly string[], separator: ":" | "="): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const cut = line.indexOf(separator);
    const key = line.slice(0, Math.max(0, cut)).trim();
    if (cut > 0 && !values.has(key)) values.set(key, line.slice(cut + 1).trim());
  }
  return values;
}

/** What a command complained of last: for a problem's text. */
export function complaint(section: Section | null): string {
  return lastWords(section?.lines.join("\n") ?? "", { lines: 1 }).replace(/^error: /, "");
}

export function cleanMacs(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => parseMac(text ?? "") ?? []))];
}

export function cleanUuid(text: string | undefined): string | null {
  const uuid = (text ?? "").toLowerCase();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) ? uuid : null;
}
