// SPDX-License-Identifier: Apache-2.0
// The text format of LVM2's metadata (lvm2: lib/config): sections, numbers, strings, lists. Bounded: it may be hostile.

export type LvmValue = number | string | readonly (number | string)[];
export type LvmSection = ReadonlyMap<string, LvmValue | LvmSection>;

const MAX_DEPTH = 8;
const MAX_ITEMS = 1_000_000;

/** Text that is not a LVM2 metadata. */
export class LvmTextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "LvmTextError";
  }
}

type Token =
  | { readonly kind: "word" | "mark" | "end"; readonly text: string }
  | { readonly kind: "value"; readonly value: number | string };

/** Parses a whole text. Throws LvmTextError, never anything else. */
export function parseLvmText(text: string): LvmSection {
  return parseSection(scanner(text), { depth: 0, budget: { items: MAX_ITEMS } });
}

/** Scans by hand: a regular expression with loops in loops takes for ever on a hostile text. */
function scanner(text: string): () => Token {
  let at = 0;
  return () => {
    at = skipBlank(text, at);
    const char = text[at];
    if (char === undefined) return { kind: "end", text: "" };
    if ("{}[]=,".includes(char)) {
      at += 1;
      return { kind: "mark", text: char };
    }
    const start = at;
    if (char === '"') {
      for (at += 1; text[at] !== '"'; at += text[at] === "\\" ? 2 : 1)
        if (at >= text.length) throw new LvmTextError("A string does not end");
      at += 1;
      return { kind: "value", value: text.slice(start + 1, at - 1).replace(/\\(.)/gs, "$1") };
    }
    while (at < text.length && isWordCode(text.charCodeAt(at))) at += 1;
    if (at === start) throw new LvmTextError(`No LVM2 metadata at character ${at}`);
    const word = text.slice(start, at);
    return /^-?\d{1,20}(\.\d{1,20})?$/.test(word)
      ? { kind: "value", value: Number(word) }
      : { kind: "word", text: word };
  };
}

function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    if (text[at] === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length || text.charCodeAt(at) > 32) return at;
    if (text[at] !== "#") at += 1;
  }
}

/** Letters, digits, and `_ + - .`: what names and numbers are made of. */
function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 43 ||
    code === 45 ||
    code === 46
  );
}

type Context = { readonly depth: number; readonly budget: { items: number } };

function parseSection(next: () => Token, { depth, budget }: Context): LvmSection {
  if (depth > MAX_DEPTH) throw new LvmTextError(`Sections nested more than ${MAX_DEPTH} deep`);
  const section = new Map<string, LvmValue | LvmSection>();
  for (;;) {
    const name = next();
    const closes = depth === 0 ? name.kind === "end" : isMark(name, "}");
    if (closes) return section;
    spend(budget);
    const key = name.kind === "word" ? name.text : name.kind === "value" ? String(name.value) : null;
    if (key === null) throw new LvmTextError("A name is missing");
    const sign = next();
    if (isMark(sign, "{")) section.set(key, parseSection(next, { depth: depth + 1, budget }));
    else if (isMark(sign, "=")) section.set(key, parseValue(next, budget));
    else throw new LvmTextError(`${key.slice(0, 40)} is neither a section nor a value`);
  }
}

function parseValue(next: () => Token, budget: Context["budget"]): LvmValue {
  const first = next();
  if (first.kind === "value") return first.value;
  if (!isMark(first, "[")) throw new LvmTextError("A value is missing");
  const list: (number | string)[] = [];
  for (;;) {
    const token = next();
    if (isMark(token, "]")) return list;
    if (isMark(token, ",")) continue;
    if (token.kind !== "value") throw new LvmTextError("A list does not end");
    spend(budget);
    list.push(token.value);
  }
}

function isMark(token: Token, text: string): boolean {
  return token.kind === "mark" && token.text === text;
}

function spend(budget: Context["budget"]): void {
  budget.items -= 1;
  if (budget.items < 0) throw new LvmTextError(`More than ${MAX_ITEMS} items`);
}

/** A number that counts something: a safe integer of at least 0, or null. */
export function countOf(section: LvmSection, name: string): number | null {
  const value = section.get(name);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function stringOf(section: LvmSection, name: string): string | null {
  const value = section.get(name);
  return typeof value === "string" ? value : null;
}

export function listOf(section: LvmSection, name: string): readonly (number | string)[] {
  const value = section.get(name);
  return Array.isArray(value) ? (value as readonly (number | string)[]) : [];
}

export function sectionOf(section: LvmSection, name: string): LvmSection | null {
  const value = section.get(name);
  return value instanceof Map ? (value as LvmSection) : null;
}

/** All sections directly inside, by name. */
export function sectionsIn(
  section: LvmSection | null,
): readonly (readonly [name: string, section: LvmSection])[] {
  const found: [string, LvmSection][] = [];
  for (const [name, value] of section ?? [])
    if (value instanceof Map) found.push([name, value as LvmSection]);
  return found;
}
