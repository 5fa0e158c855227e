// SPDX-License-Identifier: Apache-2.0
// The virtual machine: name, memory, CPUs, what runs it, networks, disk format.
import { formatBytes } from "../../../core/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { answer, jobAnswers, type WizardState, withAnswers } from "../state.ts";

export const vm: Page = {
  name: "vm",
  help: "Name: of the VM and of its directory. Memory: such as 4G or 512M. Run by: auto (what the host has), libvirt, xen, proxmox, or qemu (files only). Network: a bridge or libvirt network of the host for all cards, or NIC=NETWORK, several with commas; empty: the usual one there. Disk format: raw (sparse) or qcow2.\n\nAn empty field means: as this machine.",
  applies: () => true,
  box: (state) => ({
    kind: "form",
    title: "Virtual machine",
    text: paragraphs("As this machine, unless you change it.", cards(state)),
    fields: [
      { label: "Name", value: answer(state, "name") ?? state.guest?.hostname ?? "" },
      { label: "Memory", value: answer(state, "memory") ?? memory(state) },
      { label: "CPUs", value: answer(state, "vcpus") ?? threads(state) },
      { label: "Run by", value: answer(state, "hypervisor") ?? "auto" },
      { label: "Network", value: (state.answers.get("network") ?? []).join(",") },
      { label: "Disk format", value: answer(state, "format") ?? "raw" },
    ],
  }),
  take: (state, [name = "", memoryText = "", vcpus = "", hypervisor = "", network = "", format = ""]) => {
    const next = withAnswers(state, {
      name,
      memory: memoryText,
      vcpus,
      hypervisor,
      network: network.split(",").map((one) => one.trim()),
      format,
    });
    jobAnswers(next);
    return next;
  },
};

/** In whole MiB: what the form shows must mean the same when it comes back. */
function memory({ machine: { memoryBytes } }: WizardState): string {
  return memoryBytes.kind === "known" ? `${Math.ceil(memoryBytes.value / 2 ** 20)}M` : "";
}

function threads({ machine: { cpu } }: WizardState): string {
  return cpu.kind === "known" && cpu.value.threads.kind === "known" ? `${cpu.value.threads.value}` : "";
}

function cards({ machine, guest }: WizardState): string {
  const lines = machine.nics.map(({ name, mac }) => {
    const old = guest?.network.find((one) => one.mac?.toLowerCase() === mac)?.name ?? name;
    return `  ${old.padEnd(12)} ${mac}`;
  });
  const size =
    machine.memoryBytes.kind === "known"
      ? ` This machine has ${formatBytes(machine.memoryBytes.value)}.`
      : "";
  return lines.length === 0
    ? `No network card was found.${size}`
    : `  Network cards keep name and address:\n${lines.join("\n")}`;
}
