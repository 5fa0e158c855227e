// SPDX-License-Identifier: Apache-2.0
// Codes of hosts: how they are reached, what they are, what they have for the VM. The area is `host`.
import { kindsOf, type ProblemTable } from "./kind.ts";

const { stops, heals, warns } = kindsOf("host");

/** The way there. What time may heal is tried again: a host that restarts, a cable, a name server that is away. */
const WAY = {
  "host-name-unknown": heals("The host's name does not resolve to an address."),
  "host-unreachable": heals("There is no route to the host."),
  "host-timeout": heals("The host does not answer."),
  "host-refused": heals("The host refuses the connection."),
  "host-closed": heals("The host closed the connection."),
  "host-failed": heals("ssh failed for another reason; the message has its words."),
  "link-lost": heals("The connection broke."),
  "host-key-unknown": stops("The host's key is not known here."),
  "host-key-changed": stops("The host shows another key than the one that is known for it."),
  "host-login-refused": stops("The host does not let this user in."),
  "host-too-old": stops("ssh here and sshd there have no algorithm in common."),
  "ssh-config-wrong": stops("The ssh configuration cannot be used."),
  "host-no-shell": stops("The login shell there does not run commands."),
  "host-no-answer": heals("The host broke off, or did not say what was asked."),
  "host-other-system": stops("The host is not Linux on x86-64."),
  "host-not-cleaned": stops("What was brought to the host cannot be removed there."),
  "answers-not-fetched": heals("The answer file cannot be fetched."),
  "identity-not-fetched": heals("The ssh key cannot be fetched."),
} satisfies ProblemTable;

/** Programs and devices of this computer. */
const HERE = {
  "program-missing": stops("A program that is needed is not installed; the message names its package."),
  "qemu-img-unknown": stops("qemu-img is older than 6.1."),
  "not-debian": stops("A live CD can only be built on Debian."),
  "live-system-not-built": stops("The live CD's Debian could not be installed."),
  "network-card-missing": stops("This machine has no network card of that name or address."),
} satisfies ProblemTable;

/** Who receives the copy. */
const RECEIVER = {
  "agent-not-placed": stops("The agent cannot be copied to the host."),
  "agent-does-not-run": stops("The agent does not run on the host."),
  "receiver-shell": warns("The host's shell receives the copy in place of the agent."),
  "root-differs": stops("The destination's hashes are not those of what was sent."),
} satisfies ProblemTable;

/** A command on another server. */
const REMOTE = {
  "remote-no-place": stops("The server has no directory that the portable file can run from."),
  "remote-does-not-run": stops("The portable file does not run on the server."),
  "remote-busy": stops("The server runs another command of remote."),
  "remote-taken": stops("The command on the server goes on at another terminal."),
} satisfies ProblemTable;

/** Its hypervisor. */
const HYPERVISOR = {
  "host-hypervisor-missing": stops("The host does not have the hypervisor that is needed."),
  "host-libvirt-stopped": heals("libvirt is installed on the host and does not answer."),
  "host-libvirt-hangs": heals("libvirt on the host did not answer in time."),
  "host-libvirt-rights": stops("libvirt on the host does not let this user in."),
  "host-xl-rights": stops("The user may not run xl on the Xen host."),
  "host-xl-fails": heals("xl fails on the Xen host."),
  "host-qm-rights": stops("The user may not run qm on the Proxmox VE node."),
  "host-qm-fails": heals("qm fails on the Proxmox VE node."),
  "host-xen-type": stops("The guest needs a type of Xen domain that the host does not run."),
  "host-xen-kernel": warns(
    "Nothing on the Xen host reads the boot disk; the kernel is put beside the images.",
  ),
  "host-xen-no-loader": stops(
    "Nothing on the Xen host reads the boot disk, and no kernel lies beside the images.",
  ),
  "host-act-failed": stops("The hypervisor refused to define, start or remove the VM."),
  "boot-check-not-written": stops("The boot probe cannot be written to a device of the host."),
} satisfies ProblemTable;

/** What it has for the VM. */
const FIT = {
  "host-clock": warns("The clocks of the host and this machine differ."),
  "host-no-machine": stops("The host's QEMU has no machine of the kind that the guest needs."),
  "host-cpu-level": stops("The host's CPU is older than the installed system needs."),
  "host-memory": stops("The host has less memory than the VM shall have; less free memory is a warning."),
  "host-mac-taken": stops("Another VM of the host has the address of a network card."),
  "host-no-uefi": stops("The host has no UEFI firmware for VMs."),
  "host-no-secure-boot": stops("The host has no UEFI firmware with Secure Boot for VMs."),
  "host-no-network": warns("The host has no network or bridge for a network card."),
  "host-network-missing": stops("The host has no network or bridge of that name."),
  "host-network-down": warns("The network on the host is not started."),
} satisfies ProblemTable;

export const HOST_PROBLEMS = { ...WAY, ...HERE, ...RECEIVER, ...REMOTE, ...HYPERVISOR, ...FIT };
