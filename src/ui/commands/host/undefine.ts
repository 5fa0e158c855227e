// SPDX-License-Identifier: Apache-2.0
// virt-p2v host undefine: takes a migrated VM away from its host again.
import { parseDestination } from "../../../hosts/index.ts";
import { undefineVm, type Undoing } from "../../../job/index.ts";
import { askYes } from "../ask.ts";
import { type CommandRunner, say, sayJson, tell } from "../context.ts";

export const runHostUndefine: CommandRunner = async (given, { signal }) => {
  const json = given.flag("json");
  const name = given.positional ?? "";
  const kept = await undefineVm({
    destination: parseDestination(given.one("to") ?? ""),
    name,
    sshConfig: given.one("ssh-config"),
    confirm: async (undoing) => {
      if (!json) tell(printUndoing(undoing));
      return given.flag("yes") || (await askYes("Remove all of it?", signal));
    },
    signal,
  });
  if (json) sayJson({ name, removed: kept !== null, kept: kept ?? [] });
  else if (kept === null) say("Nothing was done.");
  else
    say(`${name} is gone.${kept.map((path) => `\nLeft in place, since it is not ours: ${path}`).join("")}`);
  return 0;
};

function printUndoing({ name, title, directory, definition, files, foreign }: Undoing): string {
  const lines = [
    `${name} on ${title}:`,
    ...(definition === null ? [] : [`  its definition (${definition.hypervisor}, ${definition.uuid})`]),
    ...(definition?.links ?? []).map(({ path }) => `  ${path}`),
    ...(definition?.files ?? []).map(({ path }) => `  ${path}`),
    ...files.map((file) => `  ${directory}/${file}`),
    ...foreign.map((file) => `  stays: ${directory}/${file}`),
  ];
  return `${lines.join("\n")}\n`;
}
