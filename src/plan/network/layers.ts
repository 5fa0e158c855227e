// SPDX-License-Identifier: Apache-2.0
// Bonds and VLANs of the guest, and what they ask of the host's network: the switch that knew of them is not behind the VM's cards.
import { type GuestOS, makeProblem, type NetworkLink, type Problem, type Subject } from "../../core/index.ts";

export function checkLayers(guest: GuestOS | null): readonly Problem[] {
  const layers = guest?.layers ?? [];
  return [...layers.flatMap(bondProblem), ...vlanProblem(layers)];
}

const subject = (name: string): Subject => ({ kind: "nic", name, mac: null });

/** Modes in which the switch treats the ports as one without a word of LACP. */
const STATIC_GROUPS: ReadonlySet<string> = new Set(["balance-rr", "balance-xor", "broadcast"]);

function bondProblem({ name, kind }: NetworkLink): readonly Problem[] {
  if (kind.kind !== "bond") return [];
  const ports = kind.ports.join(", ");
  if (kind.mode === "802.3ad")
    return [
      makeProblem("bond-no-partner", {
        about: [name, ...kind.ports].map(subject),
        text: `${name} bonds ${ports} by LACP (802.3ad), and a host's bridge is no partner for it; a virtio card has no speed either, without which some kernels keep the ports of such a bond down`,
        advice: `Set the mode of ${name} to active-backup, in the VM or before; below its bridge, the host may have a bond with LACP of its own`,
      }),
    ];
  if (!STATIC_GROUPS.has(kind.mode) || kind.ports.length < 2) return [];
  return [
    makeProblem("bond-no-partner", {
      about: [name, ...kind.ports].map(subject),
      severity: "notes",
      text: `${name} bonds ${ports} in the mode ${kind.mode}, which needs a switch that takes them for one port; a host's bridge does not`,
      advice: `Set the mode of ${name} to active-backup, or leave it one card in the VM`,
    }),
  ];
}

/** One note for all: whoever makes the host's bridge needs the numbers. */
function vlanProblem(layers: readonly NetworkLink[]): readonly Problem[] {
  const vlans = layers.flatMap(({ name, kind }) => (kind.kind === "vlan" ? [{ name, ...kind }] : []));
  if (vlans.length === 0) return [];
  const below = [...new Set(vlans.flatMap(({ on }) => cardsBelow(on, layers)))];
  const ids = [...new Set(vlans.map(({ id }) => id))].toSorted((a, b) => a - b);
  const shown = vlans.slice(0, 6).map(({ name, on }) => `${name} on ${on}`);
  const more = vlans.length > shown.length ? ` and ${vlans.length - shown.length} more` : "";
  return [
    makeProblem("vlan-tagged", {
      about: [...vlans.map(({ name }) => name), ...below].map(subject),
      text: `The guest tags its packets: ${shown.join(", ")}${more} (VLAN ${ids.slice(0, 20).join(", ")})`,
      advice: `Put ${below.slice(0, 6).join(" and ")} on a network of the host that passes these VLANs tagged: a bridge on the port of the trunk itself, not on one VLAN of it; where it filters VLANs, allow ${ids.length === 1 ? "this one" : "these"}`,
    }),
  ];
}

/** The cards that a link stands on, in the end. */
function cardsBelow(name: string, layers: readonly NetworkLink[], depth = 0): readonly string[] {
  const kind = layers.find((one) => one.name === name)?.kind;
  if (kind === undefined || kind.kind === "card" || depth > 8) return [name];
  const ports = kind.kind === "vlan" ? [kind.on] : kind.ports;
  return ports.flatMap((port) => cardsBelow(port, layers, depth + 1));
}
