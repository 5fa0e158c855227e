// SPDX-License-Identifier: Apache-2.0
// A plan as a person reads it: problems first, then the VM, the bytes, and each change as a diff.
import { formatBytes, groupChanges, type IntendedNic, type Preview, type Problem } from "../../core/index.ts";
import { estimateLines, SUPPORT_TEXTS, supportOf } from "../../plan/index.ts";
import { wrap } from "../text/wrap.ts";

const ORIGINS: Readonly<Record<IntendedNic["origin"], string>> = {
  machine: "as on this machine",
  guest: "as the guest's files say",
  given: "as given",
  generated: "generated: the guest's files name no address",
};

const SEVERITIES: Readonly<Record<Problem["severity"], string>> = {
  stops: "STOPS",
  warns: "WARNING",
  notes: "NOTE",
};

export function printProblems(
  problems: readonly Problem[],
  { columns = 80 }: { columns?: number } = {},
): string {
  const rank = (problem: Problem): number => Object.keys(SEVERITIES).indexOf(problem.severity);
  return problems
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ severity, text, advice }) => {
      const what = wrap(`${SEVERITIES[severity]}: ${text}`, { width: columns });
      return `${what}\n${wrap(String(advice), { indent: 4, width: columns })}\n`;
    })
    .join("");
}

const DEFINED = {
  libvirt: "by libvirt",
  xen: "for Xen (xl)",
  proxmox: "by a script for Proxmox VE",
} as const;

function placeText({ place, vm }: Preview): string {
  if (place.hypervisor === "files") return "";
  const nics = place.networks.map(
    (network, index) => `${vm.nics[index]?.name ?? ""} on ${network === null ? "no network" : network.name}`,
  );
  const emulated = place.hypervisor === "libvirt" && !place.kvm ? ["without KVM: slow"] : [];
  const more = [
    ...(place.linkUp ? [] : ["cables unplugged"]),
    ...(place.autostart ? ["started with the host"] : []),
  ];
  return [DEFINED[place.hypervisor], ...nics, ...emulated, ...more].join(", ");
}

const HEAD = 13;

/** Problems first, then the VM, the bytes, and where it goes. */
export function printPlanHead(
  preview: Preview,
  { destination, columns = 80 }: { destination: string; columns?: number },
): string {
  const { vm, guest, intent, place } = preview;
  const out: string[] = [];
  if (preview.problems.length > 0) out.push(printProblems(preview.problems, { columns }));
  const line = (head: string, text: string): void => {
    const body = wrap(text, { indent: HEAD, width: columns });
    out.push(`${head.padEnd(HEAD)}${body.slice(HEAD)}
`);
  };
  line("System", guest === null ? "not recognized; disks are copied as they are" : guest.title);
  if (guest !== null) line("Tested", SUPPORT_TEXTS[supportOf(guest)]);
  line(
    "VM",
    `${vm.name}: ${vm.vcpus} vCPU, ${formatBytes(vm.memoryBytes)} memory, ${vm.firmware.kind === "bios" ? "BIOS" : "UEFI"}, ${vm.machine}`,
  );
  for (const nic of intent.nics) line("Network card", `${nic.name} ${nic.mac} (${ORIGINS[nic.origin]})`);
  for (const disk of preview.disks)
    line(
      `Disk ${disk.number}`,
      `${disk.path}: ${formatBytes(disk.usedBytes)} to read of ${formatBytes(disk.sizeBytes)}`,
    );
  if (preview.time !== undefined)
    for (const [index, text] of estimateLines(preview.time).entries()) line(index === 0 ? "Time" : "", text);
  line("Goes to", destination);
  if (place.hypervisor !== "files") line("Defined", placeText(preview));
  line("Proof", `${intent.proof}; boot check ${intent.bootCheck ? "yes" : "no"}`);
  return out.join("");
}

export function printPlan(preview: Preview, { destination }: { destination: string }): string {
  const out = [printPlanHead(preview, { destination })];
  out.push(
    preview.changes.length === 0
      ? "\nNothing in the guest needs a change.\n"
      : `\n${preview.changes.length} changes in the guest, on the overlay:\n`,
  );
  for (const group of groupChanges(preview.changes)) {
    if (group.kind === "many") {
      out.push(`\n${group.count} files\n${wrap(`${group.step}: ${group.why}`, { indent: 2 })}\n`);
      for (const [place, count] of group.places) out.push(`  ${place}: ${count}\n`);
      continue;
    }
    const { change } = group;
    out.push(`\n${change.path}\n${wrap(`${change.step}: ${change.why}`, { indent: 2 })}\n`);
    if (change.diff !== null && change.diff !== "") out.push(`${change.diff.trimEnd()}\n`);
    else if (change.after.kind === "bytes") out.push(`  ${formatBytes(change.after.sizeBytes)}, not text\n`);
  }
  return out.join("");
}
