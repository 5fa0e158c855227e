// SPDX-License-Identifier: Apache-2.0
// Help texts at 80 columns, from the table.
import { COMMANDS, type Command, EXIT_CODE_MEANINGS } from "./commands/index.ts";
import { SETTINGS } from "./table.ts";
import { wrap } from "../text/wrap.ts";

function entry(head: string, text: string): string {
  const body = wrap(text, { indent: 26 });
  return head.length <= 23 ? `  ${head.padEnd(24)}${body.slice(26)}` : `  ${head}\n${body}`;
}

export function renderHelp(): string {
  return `virt-p2v turns a physical machine into a virtual one.
The disks of the machine are never written.

Usage: virt-p2v COMMAND [OPTION]...

Commands:
${COMMANDS.map(({ name, summary }) => entry(name, summary)).join("\n")}

Each command has --help with examples. virt-p2v --version prints the version.

Exit codes:
${EXIT_CODE_MEANINGS.map(([code, meaning]) => entry(`${code}`, meaning)).join("\n")}
`;
}

export const positionalName = ({ name, optional, tail }: NonNullable<Command["positional"]>): string =>
  `${optional === true ? `[${name}]` : name}${tail === undefined ? "" : ` ${tail.name}`}`;

function renderSynopsis(command: Command): string {
  const required = command.required.map((name) => [`--${name}`, SETTINGS[name].value ?? []].flat().join(" "));
  const positional = command.positional === null ? [] : [positionalName(command.positional)];
  return ["virt-p2v", command.name, ...required, "[OPTION]...", ...positional].join(" ");
}

export function renderCommandHelp(command: Command): string {
  const options = command.settings.map((name) => {
    const { value, help } = SETTINGS[name];
    return entry(value === null ? `--${name}` : `--${name} ${value}`, help);
  });
  const named = command.positional === null ? [] : [command.positional, command.positional.tail ?? []].flat();
  const positional = named.length === 0 ? [] : [...named.map(({ name, help }) => entry(name, help)), ""];
  const examples = command.examples.map(([line, what]) => `  # ${what}\n  ${line}`);
  return `${wrap(`${command.summary}.`)}

Usage: ${renderSynopsis(command)}

${command.description.map((paragraph) => wrap(paragraph)).join("\n\n")}

${[...positional, ...options].join("\n")}

Examples:
${examples.join("\n\n")}
`;
}
