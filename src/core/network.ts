// SPDX-License-Identifier: Apache-2.0
// How a computer is connected, layer by layer: what an installed system's files ask for, and what the live system does.

export type NetworkSetup = {
  readonly links: readonly NetworkLink[];
  /** Addresses of name servers. */
  readonly dns: readonly string[];
  readonly search: readonly string[];
};

export type NetworkLink = {
  readonly name: string;
  readonly kind: LinkKind;
  readonly ip: LinkAddressing;
  readonly mtu: number | null;
};

export type LinkKind =
  /** A network card; `mac` null: its name alone tells which. */
  | { readonly kind: "card"; readonly mac: string | null }
  | { readonly kind: "vlan"; readonly id: number; readonly on: string }
  /** `mode` as the kernel names it: `802.3ad`, `active-backup` ... */
  | { readonly kind: "bond"; readonly mode: string; readonly ports: readonly string[] }
  | { readonly kind: "bridge"; readonly ports: readonly string[] };

export type LinkAddressing =
  | { readonly kind: "none" }
  /** DHCP and router advertisements. */
  | { readonly kind: "auto" }
  /** CIDR: `192.0.2.7/24`, `2001:db8::7/64`. */
  | { readonly kind: "static"; readonly addresses: readonly string[]; readonly gateways: readonly string[] };

/** Modes of a bond by their number (kernel, Documentation/networking/bonding.rst). */
export const BOND_MODES = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
] as const;

/** The mode of `4` or `802.3ad`; the kernel's default where it is none. */
export function bondMode(text: string | undefined): string {
  const word = (text ?? "").trim().toLowerCase();
  return (
    BOND_MODES[Number(word === "" ? -1 : word)] ?? BOND_MODES.find((mode) => mode === word) ?? BOND_MODES[0]
  );
}
