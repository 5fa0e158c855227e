// SPDX-License-Identifier: Apache-2.0
// A plan in facts: the system, the VM, the bytes, and where it goes.
import {
  counted,
  formatBytes,
  groupChanges,
  type IntendedNic,
  type InterfaceReason,
  type Preview,
} from "../../core/index.ts";
import { estimateLines, SUPPORT_TEXTS, supportOf } from "../../plan/index.ts";
import type { Fact } from "../text/wrap.ts";

const ORIGINS = {
  guest: "as the guest's files say",
  given: "as given",
  generated: "generated: the guest's files name no address",
} as const satisfies Readonly<Record<Exclude<IntendedNic["origin"], "machine">, string>>;

const DEFINED = {
  libvirt: "by libvirt",
  xen: "for Xen (xl)",
  proxmox: "by a script for Proxmox VE",
} as const;

/** What the name of a machine's card rests on. */
const REASONS: Readonly<Record<InterfaceReason, string>> = {
  given: "as given",
  own: "as it is called there",
  address: "by its address in the guest's files",
  slot: "by its slot in the guest's files",
  place: "by its place in the machine",
  only: "the only card left for that name",
  cable: "the only card with a cable",
  alike: "one of the ports of a bond, which are alike",
};

function nicText({ name, mac, origin, because }: IntendedNic): string {
  if (origin !== "machine") return `${name} ${mac} (${ORIGINS[origin]})`;
  return `${name} ${mac} (${because === undefined ? "no file of the guest means it" : REASONS[because]})`;
}

type Options = {
  readonly destination: string;
  /** Of several disks or network cards at most so many are shown, and the others counted and named. */
  readonly most?: number;
};

export function planFacts(
  preview: Preview,
  { destination, most = Number.POSITIVE_INFINITY }: Options,
): readonly Fact[] {
  const { vm, guest, intent, place } = preview;
  const firmware = vm.firmware.kind === "bios" ? "BIOS" : "UEFI";
  const nics = intent.nics.map((nic) => [nic.name, nicText(nic)]);
  const disks = preview.disks.map(
    ({ number, path, usedBytes, sizeBytes }) =>
      [
        `Disk ${number}`,
        path,
        `${path}: ${formatBytes(usedBytes)} to read of ${formatBytes(sizeBytes)}`,
      ] as const,
  );
  return [
    ["System", guest === null ? "not recognized; disks are copied as they are" : guest.title],
    ...(guest === null ? [] : [["Tested", SUPPORT_TEXTS[supportOf(guest)]] as const]),
    ["VM", `${vm.name}: ${vm.vcpus} vCPU, ${formatBytes(vm.memoryBytes)} memory, ${firmware}, ${vm.machine}`],
    ...nics.slice(0, most).map(([, text = ""], index) => [index === 0 ? "Network card" : "", text] as const),
    ...moreOf(nics.slice(most).map(([name = ""]) => name)),
    ...disks.slice(0, most).map(([head, , text]) => [head, text] as const),
    ...moreOf(disks.slice(most).map(([, path]) => path)),
    ...(preview.time === undefined
      ? []
      : estimateLines(preview.time).map((text, index) => [index === 0 ? "Time" : "", text] as const)),
    ["Goes to", destination],
    ...(place.hypervisor === "files" ? [] : [["Defined", placeText(preview)] as const]),
    ["Proof", `${intent.proof}; boot check ${intent.bootCheck ? "yes" : "no"}`],
  ];
}

const NAMED = 6;

function moreOf(names: readonly string[]): readonly Fact[] {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? " ..." : "";
  return [["", `and ${names.length} more: ${names.slice(0, NAMED).join(", ")}${more}`]];
}

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

/** The files that change, by name as far as one line goes. */
export function changesFact({ changes }: Preview): Fact {
  if (changes.length === 0) return ["Changes", "nothing in the guest needs a change"];
  const places = groupChanges(changes).flatMap((group) =>
    group.kind === "one"
      ? [group.change.path]
      : [...group.places].map(([place, count]) => `${place}/ (${counted(count, "file")})`),
  );
  const more = places.length > NAMED ? ` and ${places.length - NAMED} more` : "";
  return ["Changes", `${changes.length} in the guest: ${places.slice(0, NAMED).join(", ")}${more}`];
}
