// SPDX-License-Identifier: Apache-2.0
// Arguments to values, by the table.
import { parseArgs } from "node:util";
import { type ProblemCode, UserError } from "../../core/index.ts";
import { COMMANDS, type Command } from "./commands/index.ts";
import { nearest } from "./nearest.ts";
import { SETTINGS, type SettingName } from "./table.ts";

export type Given = {
  readonly command: Command;
  readonly positional: string | null;
  /** All of them; only some commands take several. */
  readonly positionals: readonly string[];
  one(name: SettingName): string | null;
  many(name: SettingName): readonly string[];
  flag(name: SettingName): boolean;
};

function usage(code: ProblemCode, message: string, advice: string): UserError {
  return new UserError(code, message, { advice });
}

export function findCommand(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  throw usage(
    "command-unknown",
    `There is no command "${name}"`,
    commandsAdvice(
      name,
      COMMANDS.map((known) => known.name),
    ),
  );
}

/** The command that the arguments begin with, of one word or two, and what follows it. */
export function takeCommand(args: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first = "", second = ""] = args;
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) return { command: findCommand(first), rest: args.slice(1) };
  const command = group.find(({ name }) => name === `${first} ${second}`);
  if (command !== undefined) return { command, rest: args.slice(2) };
  throw usage(
    "command-unknown",
    second === "" ? `virt-p2v ${first} needs to know what to do` : `There is no command "${first} ${second}"`,
    commandsAdvice(
      `${first} ${second}`,
      group.map(({ name }) => name),
    ),
  );
}

function commandsAdvice(given: string, known: readonly string[]): string {
  return meant(nearest(given, known), "") + `Commands: ${known.join(", ")}`;
}

const meant = (word: string | null, dashes: string): string =>
  word === null ? "" : `Did you mean ${dashes}${word}? `;

/** UserError (usage) for an unknown flag, a missing value or required setting, or too many arguments. */
export function parseCommandLine(command: Command, args: readonly string[]): Given {
  const options = Object.fromEntries(
    command.settings.map((name) => [
      name,
      {
        type: SETTINGS[name].value === null ? ("boolean" as const) : ("string" as const),
        multiple: SETTINGS[name].repeated,
      },
    ]),
  );
  const advice = `See virt-p2v ${command.name} --help`;
  let parsed: {
    values: Record<string, string | boolean | (string | boolean)[] | undefined>;
    positionals: string[];
  };
  try {
    const own = ownArguments(command, args);
    const { tokens, ...found } = parseArgs({
      args: args.slice(0, own),
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
    parsed = found;
    parsed.positionals.push(...args.slice(own));
    refuseTwice(command, tokens, advice);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = inOurWords(error.message);
    const [, unknown = null] = /^Unknown option '--([^']*)'/.exec(message) ?? [];
    const near = unknown === null ? null : nearest(unknown, command.settings);
    throw new UserError("arguments-wrong", message, { advice: meant(near, "--") + advice, cause: error });
  }
  const { values, positionals } = parsed;
  const given: Given = {
    command,
    positional: positionals[0] ?? null,
    positionals,
    one: (name) => {
      const value = values[name];
      return typeof value === "string" ? value : null;
    },
    many: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    },
    flag: (name) => values[name] === true,
  };
  if (given.flag("help")) return given;
  const { positional } = command;
  const isMany = positional?.many === true || positional?.tail !== undefined;
  const most = positional === null ? 0 : isMany ? 256 : 1;
  if (positionals.length > most)
    throw usage("argument-unknown", `Unexpected argument "${positionals[most]}"`, advice);
  const isNeeded = positional !== null && positional.many !== true && positional.optional !== true;
  if (isNeeded && given.positional === null)
    throw usage("argument-missing", `virt-p2v ${command.name} needs ${positional.name}`, advice);
  if (positional?.tail !== undefined && positionals.length < 2)
    throw usage("argument-missing", `virt-p2v ${command.name} needs ${positional.tail.name}`, advice);
  const replaced = command.unless !== undefined && given.many(command.unless).length > 0;
  for (const name of replaced ? [] : command.required)
    if (!isGiven(given, name))
      throw usage(
        "setting-missing",
        `virt-p2v ${command.name} needs --${[name, SETTINGS[name].value ?? []].flat().join(" ")}`,
        advice,
      );
  return given;
}

/** Of Node's words for a flag and its value, which differ from version to version. Pure. */
function inOurWords(message: string): string {
  const [, flag = "", why = ""] =
    /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' (argument is ambiguous|argument missing|does not take an argument)/.exec(
      message,
    ) ?? [];
  if (why === "argument missing") return `${flag} needs a value`;
  if (why === "does not take an argument") return `${flag} takes no value`;
  if (why !== "") return `${flag} needs a value; one that begins with a dash is given as ${flag}=-VALUE`;
  return message.split(/[.\n]/)[0] ?? message;
}

type Token = { readonly kind: string; readonly name?: string; readonly value?: unknown };

/** Of two values for one thing, nobody knows which was meant. */
function refuseTwice({ settings }: Command, tokens: readonly Token[], advice: string): void {
  const seen = new Map<string, unknown>();
  for (const { kind, name = "", value } of tokens) {
    const setting = settings.find((one) => one === name);
    if (kind !== "option" || setting === undefined) continue;
    if (SETTINGS[setting].repeated || SETTINGS[setting].value === null) continue;
    if (seen.has(name) && seen.get(name) !== value)
      throw usage(
        "arguments-wrong",
        `--${name} is given twice: ${String(seen.get(name))} and ${String(value)}`,
        advice,
      );
    seen.set(name, value);
  }
}

/** How many arguments are the command's own; behind its first word they may be another command's, with flags of its own. */
function ownArguments({ positional, settings }: Command, args: readonly string[]): number {
  if (positional?.tail === undefined) return args.length;
  let at = 0;
  for (; args[at]?.startsWith("-") === true && args[at] !== "--"; at += 1) {
    const name = settings.find((setting) => args[at] === `--${setting}`);
    if (name !== undefined && SETTINGS[name].value !== null) at += 1; // its value is the next word
  }
  return Math.min(args.length, at + (args[at] === "--" ? 2 : 1));
}

const isGiven = (given: Given, name: SettingName): boolean =>
  SETTINGS[name].value === null ? given.flag(name) : given.one(name) !== null || given.many(name).length > 0;
