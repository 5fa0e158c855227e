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
  type ProblemCode,
  type Started,
  UserError,
  type VmModel,
  type VmPlace,
} from "../core/index.ts";
import { discoverHost } from "../hosts/index.ts";
import { checkFit, choosePlace, type HostAnswers, settleHypervisor, xenOn } from "../plan/index.ts";
import { defineVm, readDefinition } from "./destination/definitions.ts";
import { connectHost, isFinished, isInUse, vmDirectory } from "./destination/destination.ts";
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
  const files = (await host.kindOf(directory)) === "directory" ? await host.list(directory) : [];
  if (!isFinished(files))
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
  await refuseUnfit({ host, directory, files, facts, vm, place, problems, signal });
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
  const vm =
    hypervisor === "xen" && facts.xen?.usable === true
      ? { ...past.vm, xen: xenOn(facts.xen, past) }
      : past.vm;
  const place = choosePlace(vm, { hypervisor, facts, host: options.host });
  return { vm, place, problems: checkFit(facts, { hypervisor, vm, place, ours: true }) };
}

type Checks = Pick<Redefining, "directory" | "vm" | "place" | "problems"> & {
  readonly host: Host;
  readonly facts: HostFacts;
  readonly files: readonly string[];
  readonly signal: AbortSignal;
};

async function refuseUnfit({
  host,
  directory,
  files,
  facts,
  vm,
  place,
  problems,
  signal,
}: Checks): Promise<void> {
  const refuse = (code: ProblemCode, words: string, advice: string): never => {
    throw new UserError(code, words, { advice });
  };
  if (place.hypervisor === "files")
    refuse(
      "host-hypervisor-missing",
      `${host.title} has neither libvirt nor Xen that could be used: nothing can be defined there`,
      `Start it there by ${directory}/${vm.name}.qemu.sh`,
    );
  const first = problems.find(({ severity }) => severity === "stops");
  if (first !== undefined) throw errorOf(first);
  // Only a migration has the guest's files before it; here the images stay closed.
  if (place.hypervisor === "xen" && vm.xen.loader === "kernel")
    refuse(
      "host-xen-no-loader",
      `Nothing on ${host.title} can read the boot disk of ${vm.name}`,
      "Install grub-xen-host there; or migrate to this host, then the kernel is put beside the images",
    );
  const before = await readDefinition({ host, directory });
  if (before !== null && before.hypervisor !== place.hypervisor && facts[before.hypervisor] !== null)
    refuse(
      "destination-exists",
      `${vm.name} may still be defined by ${before.hypervisor} on ${host.title}`,
      `Take it away there first, or give --hypervisor ${before.hypervisor}`,
    );
  for (const { file, volume } of vm.disks) {
    if (volume !== undefined && (await host.kindOf(volume)) === "absent")
      refuse("destination-missing", `${volume} is not there`, "Bring the volume there under the same name");
    if (volume !== undefined) continue;
    if (!files.includes(file))
      refuse("destination-missing", `${directory}/${file} is not there`, "Bring the whole directory there");
    if (await isInUse(host, `${directory}/${file}`, signal))
      refuse(
        "destination-in-use",
        `${directory}/${file} on ${host.title} is in use: the VM runs`,
        "Shut it down there, and run the same command again",
      );
  }
}
