// SPDX-License-Identifier: Apache-2.0
// Whether a finished migration's VM can be defined on the host where its directory lies now. Pure.
import {
  type Definition,
  type HostFacts,
  makeProblem,
  named,
  type Problem,
  type VmModel,
  type VmPlace,
} from "../core/index.ts";
import type { DirectoryFacts } from "./destination-fit.ts";

export type RedefineFacts = {
  readonly facts: HostFacts;
  readonly there: Pick<DirectoryFacts, "path" | "files" | "inUse">;
  /** Block devices of the VM that the host has. */
  readonly volumes: readonly string[];
  /** What an earlier run defined. */
  readonly before: Definition | null;
};

/** Besides what `checkFit` finds. The first one ends it. */
export function whyNotRedefined(
  { facts, there, volumes, before }: RedefineFacts,
  { vm, place }: { readonly vm: VmModel; readonly place: VmPlace },
): readonly Problem[] {
  const { title } = facts;
  const problems: Problem[] = [];
  if (place.hypervisor === "files")
    problems.push(
      makeProblem("host-hypervisor-missing", {
        about: [],
        text: `${title} has neither libvirt nor Xen that could be used: nothing can be defined there`,
        advice: `Start it there by ${there.path}/${vm.name}.qemu.sh`,
      }),
    );
  // Only a migration has the guest's files before it; here the images stay closed.
  if (place.hypervisor === "xen" && vm.xen.loader === "kernel")
    problems.push(
      makeProblem("host-xen-no-loader", {
        about: named("vm", vm.name),
        text: `Nothing on ${title} can read the boot disk of ${vm.name}`,
        advice:
          "Install grub-xen-host there; or migrate to this host, then the kernel is put beside the images",
      }),
    );
  if (before !== null && before.hypervisor !== place.hypervisor && facts[before.hypervisor] !== null)
    problems.push(
      makeProblem("destination-exists", {
        about: named("vm", vm.name),
        text: `${vm.name} may still be defined by ${before.hypervisor} on ${title}`,
        advice: `Take it away there first, or give --hypervisor ${before.hypervisor}`,
      }),
    );
  for (const { file, volume } of vm.disks)
    if (volume === undefined) problems.push(...imageProblems(file, there, title));
    else if (!volumes.includes(volume))
      problems.push(
        makeProblem("destination-missing", {
          about: named("volume", volume),
          text: `${volume} is not there`,
          advice: "Bring the volume there under the same name",
        }),
      );
  return problems;
}

function imageProblems(
  file: string,
  { path: directory, files, inUse }: RedefineFacts["there"],
  title: string,
): readonly Problem[] {
  const path = `${directory}/${file}`;
  const about = [{ kind: "file", of: "host", path }] as const;
  if (!files.includes(file))
    return [
      makeProblem("destination-missing", {
        about,
        text: `${path} is not there`,
        advice: "Bring the whole directory there",
      }),
    ];
  if (!inUse.includes(file)) return [];
  return [
    makeProblem("destination-in-use", {
      about,
      text: `${path} on ${title} is in use: the VM runs`,
      advice: "Shut it down there, and run the same command again",
    }),
  ];
}
