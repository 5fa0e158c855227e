// SPDX-License-Identifier: Apache-2.0
// A host as a person reads it.
import {
  formatBytes,
  type HostFacts,
  type HostKind,
  type HostNetwork,
  type HostStorage,
  type Known,
} from "../../core/index.ts";
import { printable } from "../text/columns.ts";
import { type Fact, factLines } from "../text/wrap.ts";

/** A host may have hundreds of VMs; the JSON has all of them. */
const MOST_VMS = 20;

const KINDS: Readonly<Record<HostKind, string>> = {
  proxmox: "Proxmox VE",
  xen: "Xen",
  libvirt: "libvirt",
  qemu: "QEMU alone: files are written, nothing is defined",
  none: "no hypervisor: files can be kept here",
};

const STORAGES: Readonly<Record<HostStorage["kind"], string>> = {
  directory: "directory",
  "libvirt-pool": "libvirt pool",
  lvm: "volume group",
  zfs: "ZFS pool",
  proxmox: "Proxmox storage",
};

const NETWORKS: Readonly<Record<HostNetwork["kind"], string>> = {
  bridge: "bridge",
  "libvirt-network": "libvirt network",
  "ovs-bridge": "Open vSwitch bridge",
};

/** Ends without a newline; its problems are printed apart. */
export function printHost(facts: HostFacts, { columns = 80 }: { columns?: number } = {}): string {
  const { cpu, memory, vms } = facts;
  const level = cpu.level.kind === "known" ? ` (x86-64-v${cpu.level.value})` : "";
  const lines: readonly Fact[] = [
    ["Host", `${facts.title}, ${show(facts.system)}, ${facts.arch}`],
    ["User", `${facts.user.name}${facts.user.isRoot ? "" : `, groups ${facts.user.groups.join(" ")}`}`],
    ["VMs run by", KINDS[facts.kind]],
    ...hypervisors(facts).map((text) => ["", text] as const),
    ["CPU", `${show(cpu.model)}${level}, ${show(cpu.threads)} threads`],
    [
      "Memory",
      show(
        memory,
        (known) => `${formatBytes(known.availableBytes)} free of ${formatBytes(known.totalBytes)}`,
      ),
    ],
    ...several("Storage", facts.storages.map(storageText)),
    ...several("Networks", facts.networks.map(networkText)),
    ...several(
      "VMs",
      vms.slice(0, MOST_VMS).map(({ name, running }) => `${name}${running ? " (runs)" : ""}`),
    ),
    ...(vms.length > MOST_VMS ? [["", `and ${vms.length - MOST_VMS} more`] as const] : []),
  ];
  const clean = lines.map(([head, text]): Fact => [head, printable(text, { ascii: false })]);
  return factLines(clean, columns).join("\n");
}

function show<T>(fact: Known<T>, text: (value: T) => string = String): string {
  return fact.kind === "known" ? text(fact.value) : `unknown (${fact.why})`;
}

function several(head: string, texts: readonly string[]): readonly (readonly [string, string])[] {
  if (texts.length === 0) return [[head, "none"]];
  return texts.map((text, index) => [index === 0 ? head : "", text] as const);
}

function hypervisors({ xen, libvirt, proxmox, qemu, kvm }: HostFacts): readonly string[] {
  const usable = (one: { usable: boolean; prefix: readonly string[] }): string =>
    !one.usable ? ", cannot be used" : one.prefix.length > 0 ? ", by sudo" : "";
  return [
    ...(proxmox === null ? [] : [`Proxmox VE ${show(proxmox.version)}${usable(proxmox)}`]),
    ...(xen === null
      ? []
      : [`Xen ${show(xen.version)} (${xen.types.join(", ") || "no guests"})${usable(xen)}`]),
    ...(libvirt === null
      ? []
      : [`libvirt ${show(libvirt.version)} at ${libvirt.uri}${uefiText(libvirt.uefi)}${usable(libvirt)}`]),
    ...(qemu === null ? [] : [`QEMU ${show(qemu.version)}, ${kvm ? "with /dev/kvm" : "without KVM: slow"}`]),
  ];
}

function uefiText({ plain, secureBoot }: { plain: boolean; secureBoot: boolean }): string {
  return secureBoot ? ", UEFI with Secure Boot" : plain ? ", UEFI" : "";
}

function storageText({ kind, name, type, sizeBytes, freeBytes, usable }: HostStorage): string {
  const free =
    freeBytes.kind === "known" && sizeBytes.kind === "known"
      ? `${formatBytes(freeBytes.value)} free of ${formatBytes(sizeBytes.value)}`
      : show(freeBytes);
  const not = usable ? "" : kind === "directory" ? ", not writable" : ", not in use";
  return `${name}: ${STORAGES[kind]}${type === null ? "" : ` (${type})`}, ${free}${not}`;
}

function networkText({ kind, name, bridge, mode, active }: HostNetwork): string {
  const more = [
    mode,
    bridge === null || bridge === name ? null : `bridge ${bridge}`,
    active ? null : "not active",
  ];
  const text = more.filter((one) => one !== null).join(", ");
  return `${name}: ${NETWORKS[kind]}${text === "" ? "" : `, ${text}`}`;
}
