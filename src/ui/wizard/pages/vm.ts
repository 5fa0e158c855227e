// SPDX-License-Identifier: Apache-2.0
// The virtual machine: name, memory, CPUs, what runs it, networks, disk format.
import { isVmName, UserError } from "../../../core/index.ts";
import { nicsOfMachine } from "../../../plan/index.ts";
import { paragraphs } from "../box.ts";
import type { Page } from "../page.ts";
import { answer, jobAnswers, type WizardState, withAnswers } from "../state.ts";

export const vm: Page = {
  name: "vm",
  help: "Name: of the VM and of its directory. Memory: such as 4G or 512M. Run by: auto (what the host has), libvirt, xen, proxmox, or qemu (files only). Network: a bridge or libvirt network of the host for all cards, or NIC=NETWORK, several with commas; empty: the usual one there. Disk format: raw (sparse) or qcow2.\n\nAn empty field means: as this machine, where its disks are its own.",
  applies: () => true,
  box: (state) => ({
    kind: "form",
    title: "Virtual machine",
    text: paragraphs(
      state.live ? "As this machine, unless you change it." : "Empty: 2 GiB and 2 CPUs.",
      cards(state),
    ),
    fields: [
      { label: "Name", value: answer(state, "name") ?? state.guest?.hostname?.split(".")[0] ?? "" },
      { label: "Memory", value: answer(state, "memory") ?? memory(state) },
      { label: "CPUs", value: answer(state, "vcpus") ?? threads(state) },
      { label: "Run by", value: answer(state, "hypervisor") ?? "auto" },
      { label: "Network", value: (state.answers.get("network") ?? []).join(",") },
      { label: "Disk format", value: answer(state, "format") ?? "raw" },
    ],
  }),
  take: (state, [name = "", memoryText = "", vcpus = "", hypervisor = "", network = "", format = ""]) => {
    if (name === "" || !isVmName(name))
      throw new UserError(
        "name-wrong",
        name === "" ? "The VM has no name" : `"${name}" is not a name for a VM`,
        {
          advice: "Letters, digits, dot, dash and underscore, at most 63",
        },
      );
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

/** Disk images bring no machine. In whole MiB: what the form shows must mean the same when it comes back. */
function memory({ live, machine: { memoryBytes } }: WizardState): string {
  return live && memoryBytes.kind === "known" ? `${Math.ceil(memoryBytes.value / 2 ** 20)}M` : "";
}

function threads({ live, machine: { cpu } }: WizardState): string {
  return live && cpu.kind === "known" && cpu.value.threads.kind === "known"
    ? `${cpu.value.threads.value}`
    : "";
}

/** By the name that the installed system gives it, which may be another than this system's. */
function cards({ live, machine, guest }: WizardState): string {
  const { nics } = nicsOfMachine({ cards: live ? machine.nics : [], guest });
  const known = guest?.network ?? [];
  const lines = live
    ? nics.map(({ name, mac }) => `  ${name.padEnd(12)} ${mac}`)
    : known.map(({ name, mac }) => `  ${name.padEnd(12)} ${mac ?? "a new address"}`);
  return lines.length === 0
    ? "No network card was found."
    : `  Network cards keep name and address:\n${lines.join("\n")}`;
}
