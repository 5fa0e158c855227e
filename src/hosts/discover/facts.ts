// SPDX-License-Identifier: Apache-2.0
// From the answer of DISCOVER to HostFacts. Pure; the host may say what it likes.
import { type HostFacts, type HostKind, known } from "../../core/index.ts";
import { parseLibvirt, parseLibvirtVms, parseNetworks, parsePools } from "./libvirt.ts";
import { parseProxmox, parsePveStorages, parsePveVms } from "./proxmox.ts";
import { parseSections } from "./sections.ts";
import { parseBridges, parseDirectories, parseVolumeGroups, parseZpools } from "./storage.ts";
import {
  type Asked,
  parseClock,
  parseCpu,
  parseMemory,
  parsePaths,
  parseQemu,
  parseSystem,
  parseUser,
} from "./system.ts";
import { parseXen, parseXenVms } from "./xen.ts";

/** null: the answer has no end, the host broke off. */
export function parseHostFacts(
  text: string,
  { mark, title, asked }: { mark: string; title: string; asked: Asked },
): HostFacts | null {
  const sections = parseSections(text, mark);
  if (!sections.complete) return null;
  const user = parseUser(sections);
  const libvirt = parseLibvirt(sections);
  const xen = parseXen(sections, user);
  const proxmox = parseProxmox(sections, user);
  const qemu = parseQemu(sections);
  const networks = [...parseNetworks(sections), ...parseBridges(sections)];
  // dom0 sees only its own memory.
  const free = xen.facts?.freeMemoryBytes;
  const memory =
    xen.totalBytes !== null && free?.kind === "known"
      ? known({ totalBytes: xen.totalBytes, availableBytes: free.value })
      : parseMemory(sections);
  const found = { libvirt: libvirt.facts, xen: xen.facts, proxmox: proxmox.facts, qemu };
  return {
    format: "host/1",
    title,
    kind: kindOf(found),
    ...parseSystem(sections),
    user,
    cpu: parseCpu(sections),
    clockAheadSeconds: parseClock(sections, asked),
    memory,
    kvm: sections.get("kvm")?.code === 0,
    ...found,
    storages: [
      ...parseDirectories(sections),
      ...parsePools(sections),
      ...parsePveStorages(sections),
      ...parseVolumeGroups(sections),
      ...parseZpools(sections),
    ],
    networks: networks.filter(
      (one, index) =>
        one.kind === "libvirt-network" ||
        !networks.some((other, place) => place < index && other.bridge === one.bridge),
    ),
    vms: [...parseLibvirtVms(sections), ...parseXenVms(sections), ...parsePveVms(sections)],
    firmwareFiles: parsePaths(sections, "firmware"),
    problems: [...proxmox.problems, ...xen.problems, ...libvirt.problems],
  };
}

/** A Proxmox node has QEMU and may have libvirt, a Xen host has both: the more special comes first. */
function kindOf(found: Pick<HostFacts, "proxmox" | "xen" | "libvirt" | "qemu">): HostKind {
  if (found.proxmox !== null) return "proxmox";
  if (found.xen !== null) return "xen";
  if (found.libvirt !== null) return "libvirt";
  return found.qemu === null ? "none" : "qemu";
}
