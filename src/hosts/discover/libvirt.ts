// SPDX-License-Identifier: Apache-2.0
// What libvirt on a host says of itself, its VMs, pools and networks, by virsh. Pure.
import {
  type HostNetwork,
  type HostStorage,
  type HostVm,
  type LibvirtFacts,
  makeProblem,
  named,
  type Problem,
} from "../../core/index.ts";
import {
  cleanMacs,
  cleanName,
  cleanUuid,
  knownCount,
  knownName,
  complaint,
  type Section,
  type Sections,
} from "./sections.ts";
import { MAX_ASKED } from "./script.ts";

type Found = { readonly facts: LibvirtFacts | null; readonly problems: readonly Problem[] };

export function parseLibvirt(sections: Sections): Found {
  const uri = cleanName(sections.lines("virsh-uri")[0]);
  const programs = sections.lines("programs");
  const daemon = programs.some((path) => /\/(?:libvirtd|virtqemud)$/.test(path));
  if (uri === null || !(daemon || sections.get("virsh-version")?.code === 0))
    return { facts: null, problems: [] }; // virsh alone is a client of other hosts
  const own = sections.get("virsh-version");
  const sudo = sections.get("virsh-sudo");
  const answer = own?.code === 0 ? own : sudo?.code === 0 ? sudo : null;
  const number = /daemon: (\S+)/.exec(answer?.lines.find((line) => line.includes("daemon:")) ?? "")?.[1];
  return {
    facts: {
      uri,
      usable: answer !== null,
      prefix: answer !== null && answer === sudo ? ["sudo", "-n"] : [],
      version: knownName(number, answer === null ? "it does not answer" : "it does not tell its version"),
      kvm: sections.get("virsh-kvm")?.code === 0,
      uefi: parseUefi(sections.get("virsh-kvm"), sections.get("virsh-qemu")),
      ...(lacksPc(sections) ? { withoutPc: true } : {}),
    },
    problems: answer === null ? [notUsable(uri, own, sudo)] : [],
  };
}

function notUsable(uri: string, own: Section | null, sudo: Section | null): Problem {
  const words = complaint(own);
  if (own?.code === 124)
    return makeProblem("host-libvirt-hangs", {
      about: named("hypervisor", "libvirt"),
      text: `libvirt (${uri}) did not answer in 30 s`,
      advice: "Restart it there: systemctl restart libvirtd; or choose another way with --hypervisor qemu",
    });
  if (/denied|authentication|polkit|not authorized/i.test(words))
    return makeProblem("host-libvirt-rights", {
      about: named("hypervisor", "libvirt"),
      text: `libvirt (${uri}) does not let this user in: ${words}${sudo === null ? "" : ` (nor by sudo: ${complaint(sudo)})`}`,
      advice: "Add the user to the group libvirt there: usermod -aG libvirt USER; or go there as root",
    });
  return makeProblem("host-libvirt-stopped", {
    about: named("hypervisor", "libvirt"),
    text: `libvirt is installed, and ${uri} does not answer: ${words}`,
    advice:
      "Start it there: systemctl start libvirtd (or virtqemud); or choose --hypervisor qemu, then only files are written",
  });
}

/** RHEL 10 took it out of its QEMU: "the machine 'pc' is not supported by emulator". */
function lacksPc(sections: Sections): boolean {
  const answer = sections.get("virsh-pc");
  const others = [sections.get("virsh-kvm"), sections.get("virsh-qemu")];
  if (answer === null || answer.code === 0 || others.every((section) => section?.code !== 0)) return false;
  return answer.lines.some((line) => /machine .{0,40}not supported|unsupported machine/i.test(line));
}

/** From domcapabilities of machine q35. Secure Boot wants a loader that guards its variables. */
function parseUefi(...answers: readonly (Section | null)[]): LibvirtFacts["uefi"] {
  const text = answers.find((section) => section?.code === 0)?.lines.join("\n") ?? "";
  const os = between(text, "<os ", "</os>");
  const plain = between(os, "<enum name='firmware'>", "</enum>").includes("<value>efi</value>");
  const secure = between(os, "<enum name='secure'>", "</enum>").includes("<value>yes</value>");
  return { plain, secureBoot: plain && secure };
}

/** `=UUID` (virsh's echo adds no line end), the name, the state, then rows of domiflist. */
export function parseLibvirtVms(sections: Sections): readonly HostVm[] {
  const vms: HostVm[] = [];
  for (const part of `\n${sections.lines("virsh-domains").join("\n")}`.split("\n=", MAX_ASKED + 1).slice(1)) {
    const uuid = cleanUuid(part.slice(0, 36));
    const [nameText, state = "", ...rest] = part
      .slice(36)
      .split("\n")
      .filter((line) => line.trim() !== "");
    const name = cleanName(nameText);
    if (uuid === null || name === null) continue;
    const macs = cleanMacs(rest.map((line) => line.trim().split(/\s+/).at(-1)));
    vms.push({ on: "libvirt", name, uuid, macs, running: state.trim() !== "shut off" });
  }
  return vms;
}

export function parsePools(sections: Sections): readonly HostStorage[] {
  const active = new Set(sections.lines("virsh-active-pools").map((line) => line.trim()));
  return elements(sections.lines("virsh-pools").join("\n"), "pool").flatMap((xml): HostStorage[] => {
    const name = cleanName(textOf(xml, "name"));
    if (name === null) return [];
    const target = between(xml, "<target>", "</target>");
    const path = cleanName(textOf(target, "path"));
    const why = "the pool is not started";
    return [
      {
        kind: "libvirt-pool",
        name,
        path: path?.startsWith("/") === true ? path : null,
        type: /^<pool type='([a-z0-9-]{1,40})'/.exec(xml)?.[1] ?? null,
        sizeBytes: knownCount(active.has(name) ? textOf(xml, "capacity") : "", why),
        freeBytes: knownCount(active.has(name) ? textOf(xml, "available") : "", why),
        usable: active.has(name),
      },
    ];
  });
}

export function parseNetworks(sections: Sections): readonly HostNetwork[] {
  const active = new Set(sections.lines("virsh-active-networks").map((line) => line.trim()));
  return elements(sections.lines("virsh-networks").join("\n"), "network").flatMap((xml): HostNetwork[] => {
    const name = cleanName(textOf(xml, "name"));
    if (name === null) return [];
    const forward = /<forward\b[^>]{0,300}>/.exec(xml)?.[0] ?? null;
    const mode = forward === null ? "isolated" : (/\bmode='([a-z-]{1,40})'/.exec(forward)?.[1] ?? "nat");
    const bridge = cleanName(/<bridge\b[^>]{0,300}\bname='([^']{1,255})'/.exec(xml)?.[1]);
    return [{ kind: "libvirt-network", name, bridge, mode, active: active.has(name) }];
  });
}

/** libvirt prints one top element after the other, each at the start of a line. */
function elements(text: string, name: string): readonly string[] {
  return `\n${text}`
    .split(`\n<${name}`, MAX_ASKED + 1)
    .slice(1)
    .map((part) => `<${name}${part}`);
}

/** By index: a pattern could be made to try each beginning up to the end of a hostile answer. "" where it is not. */
function between(text: string, begin: string, end: string): string {
  const from = text.indexOf(begin);
  const to = from < 0 ? -1 : text.indexOf(end, from + begin.length);
  return to < 0 ? "" : text.slice(from + begin.length, to);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The first element of that name; libvirt writes no CDATA and no entities but these. */
function textOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}(?: [^<>]{0,300})?>([^<]{0,1000})</${name}>`).exec(xml)?.[1];
  return text?.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => ENTITIES[entity] ?? "");
}
