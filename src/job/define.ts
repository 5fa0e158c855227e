// SPDX-License-Identifier: Apache-2.0
// A finished migration's VM becomes one of the host where its directory lies now: another host, or another hypervisor.
// The images hold the drivers for all of them, so nothing is converted and no image is written.
import {
  type Definition,
  type Destination,
  type Emit,
  errorOf,
  type Host,
  type HostFacts,
  type Hypervisor,
  isVmName,
  type Problem,
  type Started,
  UserError,
  type VmModel,
  type VmPlace,
} from "../core/index.ts";
import { discoverHost } from "../hosts/index.ts";
import {
  checkFit,
  choosePlace,
  type HostAnswers,
  isFinished,
  settleHypervisor,
  whyNotRedefined,
  vmOnHost,
} from "../plan/index.ts";
import { defineVm } from "./destination/define-vm.ts";
import { readDefinition } from "./destination/definition-file.ts";
import { connectHost, vmDirectory } from "./destination/destination.ts";
import { askDirectory } from "./destination/directory.ts";
import { type PastReport, readPastReport } from "./destination/past-report.ts";
import { startVm } from "./destination/start.ts";

export type Redefining = {
  readonly title: string;
  readonly directory: string;
  readonly vm: VmModel;
  readonly place: VmPlace;
  readonly problems: readonly Problem[];
};

export type RedefineOptions = {
  readonly destination: Destination;
  readonly name: string;
  readonly hypervisor: Hypervisor;
  readonly host: HostAnswers;
  readonly sshConfig: string | null;
  /** Shows what would be defined; false ends it before anything is done. */
  readonly confirm: (redefining: Redefining) => Promise<boolean>;
  /** Is the original off? */
  readonly confirmStart: () => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

export type Redefined = {
  /** null: only files were written. */
  readonly definition: Definition | null;
  /** null: it was not asked for. */
  readonly started: Started | null;
};

/** null: the user said no. */
export async function redefineVm(options: RedefineOptions): Promise<Redefined | null> {
  const { destination, name, signal, emit } = options;
  if (!isVmName(name))
    throw new UserError("name-wrong", `"${name}" is not a name of a VM`, {
      advice: "Give the name that the migration gave it",
    });
  await using host = await connectHost(destination, options);
  const directory = vmDirectory(destination, name);
  const there = await askDirectory(host, directory, { signal });
  if (!isFinished(there.files))
    throw new UserError("destination-missing", `${directory} on ${host.title} holds no finished VM`, {
      advice: "Give the directory of the migration with --to, and the name that it gave the VM",
    });
  const past = await readPastReport(host, directory);
  if (past.vm.name !== name)
    throw new UserError("destination-wrong", `${directory} on ${host.title} belongs to ${past.vm.name}`, {
      advice: "Leave the directory its name",
    });
  const facts = await discoverHost(host, { directories: [directory], signal });
  const { vm, place, problems } = fit(past, { facts, options });
  const volumes = await presentVolumes(host, vm);
  const before = await readDefinition({ host, directory });
  const [first] = [
    ...problems.filter(({ severity }) => severity === "stops"),
    ...whyNotRedefined({ facts, there, volumes, before }, { vm, place }),
  ];
  if (first !== undefined) throw errorOf(first);
  if (!(await options.confirm({ title: host.title, directory, vm, place, problems }))) return null;
  const call = { host, facts, signal, emit };
  const definition = await defineVm({ plan: { vm, place }, kernel: null, directory, ...call });
  if (definition === null || !options.host.start || !(await options.confirmStart()))
    return { definition, started: null };
  const { started } = await startVm({ definition, ...call });
  return { definition, started };
}

function fit(
  past: PastReport,
  { facts, options }: { facts: HostFacts; options: RedefineOptions },
): Pick<Redefining, "vm" | "place" | "problems"> {
  const hypervisor = settleHypervisor(options.hypervisor, facts);
  const vm = vmOnHost(past.vm, { hypervisor, facts, guest: past.guest, storage: past.storage });
  const place = choosePlace(vm, { hypervisor, facts, host: options.host });
  return { vm, place, problems: checkFit(facts, { hypervisor, vm, place, ours: true }) };
}

/** Those of its disks that are volumes of the host. */
async function presentVolumes(host: Host, { disks }: VmModel): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { volume } of disks)
    if (volume !== undefined && (await host.kindOf(volume)) !== "absent") found.push(volume);
  return found;
}
