// SPDX-License-Identifier: Apache-2.0
// virt-p2v host define: a migrated VM becomes one of the host where its directory lies now.
import { parseDestination } from "../../../hosts/index.ts";
import { redefineVm, type Redefining } from "../../../job/index.ts";
import { printProblems } from "../../print/index.ts";
import { hostAnswersOf, hypervisorOf } from "../../settings/index.ts";
import { askYes } from "../ask.ts";
import { type CommandRunner, makePrinter, say, sayJson, tell, widthOf } from "../context.ts";

export const runHostDefine: CommandRunner = async (given, { signal }) => {
  const json = given.flag("json");
  const name = given.positional ?? "";
  const printer = makePrinter({ json: false });
  try {
    const done = await redefineVm({
      destination: parseDestination(given.one("to") ?? ""),
      name,
      hypervisor: hypervisorOf(given),
      host: hostAnswersOf(given),
      sshConfig: given.one("ssh-config"),
      confirm: async (redefining) => {
        if (!json) tell(printRedefining(redefining));
        return given.flag("yes") || (await askYes("Define it?", signal));
      },
      confirmStart: async () => {
        const question = `Start ${name} now? The original must be off: both have the same addresses.`;
        return given.flag("yes") || (await askYes(question, signal));
      },
      signal,
      emit: json ? () => undefined : printer.emit,
    });
    printer.close();
    if (json) sayJson({ name, definition: done?.definition ?? null, started: done?.started ?? null });
    else if (done === null) say("Nothing was done.");
    else if (done.definition !== null) {
      say(`${name} is defined by ${done.definition.hypervisor}.`);
      if (done.started?.kind === "login")
        say(`${name} runs: its login was there after ${Math.round(done.started.seconds)} s`);
      if (done.started?.kind === "not-seen")
        say(`${name} was started; its login was not seen: ${done.started.why}`);
    }
    return done?.started?.kind === "not-seen" ? 7 : 0;
  } finally {
    printer.close();
  }
};

function printRedefining({ title, directory, vm, place, problems }: Redefining): string {
  const networks = place.networks.map((network) => network?.name ?? "not connected");
  const lines = [
    `${vm.name} on ${title}, from ${directory}:`,
    `  by ${place.hypervisor}${place.hypervisor === "xen" ? ` as ${vm.xen.type}, booted by ${vm.xen.loader}` : ""}`,
    ...vm.nics.map(({ name, mac }, index) => `  ${name} ${mac}: ${networks[index]}`),
    ...(problems.length === 0 ? [] : [printProblems(problems, { columns: widthOf(process.stderr) })]),
  ];
  return `${lines.join("\n")}\n`;
}
