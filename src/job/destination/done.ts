// SPDX-License-Identifier: Apache-2.0
// Whether a finished VM at the destination is this very machine, migrated before: a live CD that was forgotten in its drive
// must not begin again.
import {
  type Host,
  type Machine,
  makeProblem,
  type Problem,
  UserError,
  type VmModel,
} from "../../core/index.ts";
import { readPastReport } from "./past-report.ts";

export const DONE_ALREADY = "destination-done";

/** Names and file systems make the VM's UUID; cloned machines have these in common, and are told apart by their firmware. */
function isSameMachine(
  past: { readonly vmUuid: string; readonly machineUuid: string | null },
  here: { readonly vmUuid: string; readonly machineUuid: string | null },
): boolean {
  return past.vmUuid === here.vmUuid && past.machineUuid === here.machineUuid;
}

/** The problem `destination-exists` in the words for this machine's own VM; null: another one's, or not readable. */
export async function findDone(
  host: Host,
  directory: string,
  { vm, machine }: { vm: VmModel; machine: Machine },
): Promise<Problem | null> {
  try {
    const past = await readPastReport(host, directory);
    const machineUuid = machine.dmi.kind === "known" ? machine.dmi.value.uuid : null;
    const before = { vmUuid: past.vm.uuid, machineUuid: past.machineUuid };
    if (!isSameMachine(before, { vmUuid: vm.uuid, machineUuid })) return null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
  return makeProblem(DONE_ALREADY, {
    about: [{ kind: "file", of: "host", path: directory }],
    severity: "stops",
    text: `${directory} on ${host.title} holds a finished VM of this very machine`,
    advice:
      "Nothing is left to do; bring it up to date with --update, replace it with --replace, or choose another --name",
  });
}
