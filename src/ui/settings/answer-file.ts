// SPDX-License-Identifier: Apache-2.0
// Answer files: YAML whose keys are the settings of the table. Every mistake is named with its line. Pure.
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { z } from "zod";
import { UserError } from "../../core/index.ts";
import { findCommand } from "./parse.ts";
import { SETTINGS, type SettingName } from "./table.ts";

/** What one machine is known by, as its firmware and cards say it; compared without regard to case. */
export type MachineIdentifiers = {
  readonly serial: string | null;
  readonly uuid: string | null;
  readonly macs: readonly string[];
  /** Of the installed system; null: there is none, or nobody looked, for only some files ask for it. */
  readonly hostname: string | null;
};

export type FileAnswers = ReadonlyMap<SettingName, readonly string[]>;
type MatchKey = "serial" | "uuid" | "mac" | "hostname";
type MachineEntry = { readonly match: ReadonlyMap<MatchKey, string>; readonly answers: FileAnswers };
export type AnswerFile = {
  readonly defaults: FileAnswers;
  /** null: the file has no list, and serves every machine. */
  readonly machines: readonly MachineEntry[] | null;
};

const MATCH_KEYS = ["serial", "uuid", "mac", "hostname"] as const;
/** Whether anything begins by itself is said at boot only (p2v.unattended), never by a file. */
const NOT_IN_FILES: ReadonlySet<SettingName> = new Set(["yes", "diff", "verbose", "json", "help"]);
const LIVE_ONLY: readonly SettingName[] = ["mode", "identity", "host-key", "post", "onfail"];

export function answerKeys(): readonly SettingName[] {
  return [...findCommand("migrate").settings.filter((name) => !NOT_IN_FILES.has(name)), ...LIVE_ONLY];
}

/** The published schema (doc/answers.schema.json), JSON Schema draft 2020-12. */
export function renderAnswersSchema(): string {
  const text = z.union([z.string(), z.number()]);
  const shape = Object.fromEntries(
    answerKeys().map((name) => {
      const { value, repeated, help } = SETTINGS[name];
      const type = value === null ? z.boolean() : repeated ? z.union([text, z.array(text)]) : text;
      return [name, type.describe(help).optional()];
    }),
  );
  const match = z
    .strictObject(Object.fromEntries(MATCH_KEYS.map((key) => [key, text.optional()])))
    .describe("All that are given must be this machine's.");
  const schema = z.strictObject({
    defaults: z.strictObject(shape).optional(),
    machines: z.array(z.strictObject({ match, ...shape })).optional(),
  });
  const title = "Answers for virt-p2v";
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema) }, null, 2)}\n`;
}

/** `name` is how messages call the file. UserError (usage) that lists every mistake with its line. */
export function parseAnswerFile(text: string, name: string): AnswerFile {
  const lines = new LineCounter();
  const document = parseDocument(text.slice(0, 2 ** 20), { lineCounter: lines });
  const wrongs: string[] = [];
  const wrong = (at: number | undefined, what: string): void => {
    wrongs.push(`line ${lines.linePos(at ?? 0).line}: ${what}`);
  };
  for (const error of document.errors) wrong(error.pos[0], error.message.split("\n")[0] ?? error.code);
  const read = new Reader(wrong);
  const file = read.file(document.errors.length > 0 ? null : document.contents);
  if (wrongs.length === 0) return file;
  throw new UserError("answers-wrong", `${name} is not understood\n  ${wrongs.join("\n  ")}`, {
    advice: "Mend these lines; doc/answers.schema.json and the manual say which keys there are",
  });
}

const startOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0];

class Reader {
  readonly wrong: (at: number | undefined, what: string) => void;

  constructor(wrong: (at: number | undefined, what: string) => void) {
    this.wrong = wrong;
  }

  file(root: unknown): AnswerFile {
    let defaults: FileAnswers = new Map();
    let machines: readonly MachineEntry[] | null = null;
    for (const [key, value, at] of this.pairs(root, "the file")) {
      if (key === "defaults") defaults = this.answers(value, "defaults", []);
      else if (key === "machines") machines = this.machines(value, at);
      else this.wrong(at, `"${key}" is not known here; give defaults: and machines:`);
    }
    return { defaults, machines };
  }

  machines(list: unknown, at: number | undefined): readonly MachineEntry[] {
    if (!isSeq(list)) {
      this.wrong(startOf(list) ?? at, "machines is a list; begin each machine with a dash");
      return [];
    }
    return list.items.map((item) => {
      const match = new Map<MatchKey, string>();
      const node = isMap(item) ? item.get("match", true) : undefined;
      for (const [key, value, keyAt] of this.pairs(node, "match")) {
        const known = MATCH_KEYS.find((one) => one === key);
        const text = this.text(value);
        if (known === undefined) this.wrong(keyAt, `match has no "${key}"; give ${MATCH_KEYS.join(", ")}`);
        else if (text === null) this.wrong(keyAt, `${key} needs one value`);
        else match.set(known, normal(text));
      }
      if (match.size === 0)
        this.wrong(startOf(item) ?? at, "a machine needs match: with what it is known by");
      return { match, answers: this.answers(item, "a machine", ["match"]) };
    });
  }

  answers(map: unknown, where: string, besides: readonly string[]): FileAnswers {
    const found = new Map<SettingName, readonly string[]>();
    for (const [key, node, at] of this.pairs(map, where)) {
      if (besides.includes(key)) continue;
      const name = answerKeys().find((one) => one === key);
      if (name === undefined) this.wrong(at, `there is no setting "${key}"`);
      else found.set(name, this.values(name, node, at));
    }
    return found;
  }

  values(name: SettingName, node: unknown, at: number | undefined): readonly string[] {
    const { value, repeated } = SETTINGS[name];
    if (value === null) {
      if (isScalar(node) && typeof node.value === "boolean") return node.value ? ["true"] : [];
      this.wrong(at, `${name} is true or false`);
      return [];
    }
    const texts = repeated && isSeq(node) ? node.items.map((item) => this.text(item)) : [this.text(node)];
    const good = texts.filter((text) => text !== null && text !== "");
    if (good.length !== texts.length || good.length === 0)
      this.wrong(at, `${name} needs ${repeated ? "values" : "one value"}, ${value}`);
    return good.filter((text) => text !== null);
  }

  /** The words as they stand in the file: 010 stays 010. */
  text(node: unknown): string | null {
    if (!isScalar(node) || (typeof node.value !== "string" && typeof node.value !== "number")) return null;
    return typeof node.value === "string" ? node.value : (node.source ?? `${node.value}`);
  }

  pairs(map: unknown, where: string): readonly (readonly [string, unknown, number | undefined])[] {
    if (map === null || map === undefined || (isScalar(map) && map.value === null)) return [];
    if (!isMap(map)) {
      this.wrong(startOf(map), `${where} is keys with values`);
      return [];
    }
    return map.items.map((pair: Pair) => {
      const key = isScalar(pair.key) ? String(pair.key.value) : "?";
      return [key, pair.value, startOf(pair.key)] as const;
    });
  }
}

const normal = (text: string): string => text.trim().toLowerCase();

function fits({ match }: MachineEntry, here: MachineIdentifiers): boolean {
  return [...match].every(([key, value]) =>
    key === "mac" ? here.macs.some((mac) => normal(mac) === value) : normal(here[key] ?? "") === value,
  );
}

/** UserError (usage) that prints this machine's identifiers when none, or more than one, of the machines is it. */
export function answersFor(file: AnswerFile, here: MachineIdentifiers, name: string): FileAnswers {
  if (file.machines === null) return file.defaults;
  const [found, ...more] = file.machines.filter((machine) => fits(machine, here));
  if (found !== undefined && more.length === 0) return new Map([...file.defaults, ...found.answers]);
  const many = found !== undefined;
  throw new UserError(
    many ? "machine-twice" : "machine-unknown",
    `${name} has ${many ? `${more.length + 1} machines that match` : "no machine that matches"} this one\n${printIdentifiers(here)}`,
    { advice: `Give this machine ${many ? "one entry only" : "an entry with one of these as its match:"}` },
  );
}

/** Whether the file knows a machine by its installed system, which takes half a minute to look at. */
export const asksForHostname = ({ machines }: AnswerFile): boolean =>
  machines?.some(({ match }) => match.has("hostname")) === true;

function printIdentifiers({ serial, uuid, macs, hostname }: MachineIdentifiers): string {
  const line = (key: string, value: string | null): string => `  ${key}: ${value ?? "(not known)"}`;
  const lines = [line("serial", serial), line("uuid", uuid), ...macs.map((mac) => line("mac", mac))];
  return [...lines, ...(hostname === null ? [] : [line("hostname", hostname)])].join("\n");
}

/** `--name=value`, so that a value that begins with a dash stays a value. Without the settings of `not`. */
export function answerArguments(answers: FileAnswers, not: ReadonlySet<SettingName>): readonly string[] {
  return [...answers]
    .filter(([name]) => !not.has(name) && !LIVE_ONLY.includes(name))
    .flatMap(([name, values]) =>
      values.map((value) => (SETTINGS[name].value === null ? `--${name}` : `--${name}=${value}`)),
    );
}
