// SPDX-License-Identifier: Apache-2.0
// What a Proxmox VE node says of itself, its storages and VMs (pvesm(1), qm(1), qm.conf(5)). Pure.
import {
  type HostStorage,
  type HostVm,
  makeProblem,
  named,
  type Problem,
  type ProxmoxFacts,
} from "../../core/index.ts";
import {
  cleanMacs,
  cleanName,
  cleanUuid,
  knownCount,
  knownName,
  complaint,
  type Sections,
} from "./sections.ts";
import { rows } from "./storage.ts";
import { MAX_ASKED } from "./script.ts";

type Found = { readonly facts: ProxmoxFacts | null; readonly problems: readonly Problem[] };

/** `pve-manager/8.2.2/9355359cd7afbae4 (running kernel: 6.8.4-2-pve)` */
export function parseProxmox(sections: Sections, { isRoot }: { isRoot: boolean }): Found {
  const version = sections.get("pve-version");
  if (version === null) return { facts: null, problems: [] };
  const number = /^pve-manager\/([0-9.]+)/.exec(version.lines[0] ?? "")?.[1];
  const list = sections.get("pve-list");
  const usable = list?.code === 0;
  return {
    facts: {
      usable,
      prefix: isRoot ? [] : ["sudo", "-n"],
      version: knownName(number, "pveversion cannot be read"),
    },
    problems: usable ? [] : [notUsable(complaint(list), isRoot)],
  };
}

function notUsable(words: string, isRoot: boolean): Problem {
  const about = named("hypervisor", "proxmox");
  const text = `This is a Proxmox VE node, and qm fails: ${words}`;
  if (isRoot)
    return makeProblem("host-qm-fails", {
      about,
      text,
      advice: "Look there: systemctl status pve-cluster pvedaemon",
    });
  return makeProblem("host-qm-rights", {
    about,
    text,
    advice:
      "Go there as root, or let the user run qm and pvesm by sudo without a password (see doc/hosts.md)",
  });
}

/** `Name Type Status Total Used Available %`, sizes in KiB. */
export function parsePveStorages(sections: Sections): readonly HostStorage[] {
  const active = (status: string | undefined): boolean => status === "active";
  return rows(sections.lines("pve-storage").slice(1), /\s+/, 7).map(
    ([name = "", type, status, total, , available]) => ({
      kind: "proxmox",
      name,
      path: null,
      type: cleanName(type),
      sizeBytes: knownCount(active(status) ? total : "", "the storage is not active", 1024),
      freeBytes: knownCount(active(status) ? available : "", "the storage is not active", 1024),
      usable: active(status),
    }),
  );
}

/** Lines of the configurations, each with its file: `/etc/pve/qemu-server/100.conf:net0: virtio=BC:24:...,bridge=vmbr0`. */
export function parsePveVms(sections: Sections): readonly HostVm[] {
  const running = new Set(
    sections.lines("pve-list").flatMap((line) => {
      const [id = "", ...cells] = line.trim().split(/\s+/, 20);
      return cells.includes("running") ? [id] : [];
    }),
  );
  const vms = new Map<string, { name: string | null; uuid: string | null; macs: string[]; over: boolean }>();
  for (const line of sections.get("pve-vms")?.lines ?? []) {
    const [, id, text = ""] = /^\/etc\/pve\/qemu-server\/(\d{1,9})\.conf:(.*)$/.exec(line) ?? [];
    if (id === undefined || (vms.size >= MAX_ASKED && !vms.has(id))) continue;
    const vm = vms.get(id) ?? { name: null, uuid: null, macs: [], over: false };
    vms.set(id, vm);
    if (text.startsWith("[")) vm.over = true; // snapshots follow: what was, not what is
    if (vm.over) continue;
    const [, key = "", value = ""] = /^([a-z0-9]+):\s*(.*)$/.exec(text) ?? [];
    if (key === "name") vm.name = cleanName(value);
    else if (key === "smbios1") vm.uuid = cleanUuid(/\buuid=([0-9A-Fa-f-]{36})/.exec(value)?.[1]);
    else if (key.startsWith("net")) vm.macs.push(...cleanMacs([/=([0-9A-Fa-f:]{17})\b/.exec(value)?.[1]]));
  }
  return [...vms].map(([id, { name, uuid, macs }]) => ({
    on: "proxmox",
    name: name ?? `VM ${id}`,
    uuid,
    macs,
    running: running.has(id),
  }));
}
