// SPDX-License-Identifier: Apache-2.0
// What the guest's files say of a network interface beside its name: which card carries it. Pure.

export type InterfaceClaim = {
  readonly name: string;
  /** Path in the guest of the file that says so. */
  readonly from: string;
  readonly by: ClaimedBy;
};

export type ClaimedBy =
  /**
   * By an address. `names`: a rule that gives this name to that card; `finds`: the configuration is for that card alone;
   * `seen`: a log or a lease saw it; `sets`: the configuration gives it to a card that may have had another.
   */
  | { readonly kind: "address"; readonly mac: string; readonly how: "names" | "finds" | "seen" | "sets" }
  /** By its place on PCI (`0000:03:00.0`), or by the name that udev makes of its place (`enp3s0`). */
  | { readonly kind: "slot"; readonly bus: string };

/** By what the guest makes names: the kernel counts (`eth0`), or udev takes the first place of the card that is known. */
export type InterfaceNaming =
  | { readonly kind: "kernel" }
  | { readonly kind: "unknown" }
  | { readonly kind: "places"; readonly order: readonly CardPlace[] };

/** ID_NET_NAME_ONBOARD, _SLOT, _PATH and _MAC of udev, as systemd.link(5) calls them. */
export type CardPlace = "onboard" | "slot" | "path" | "mac";

export const CARD_PLACES: readonly CardPlace[] = ["onboard", "slot", "path", "mac"];

export type InterfaceEvidence = {
  readonly claims: readonly InterfaceClaim[];
  readonly naming: InterfaceNaming;
};

export const NO_EVIDENCE: InterfaceEvidence = { claims: [], naming: { kind: "unknown" } };

/** The address that is in a name: `enx525400000001` (systemd), `eth-id-52:54:00:00:00:01` (SLES 9 and 10). */
export function macOfName(name: string): string | null {
  const [, digits] = /^(?:enx|eth-?id-|id-)((?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2})$/i.exec(name) ?? [];
  if (digits === undefined) return null;
  const bytes = digits.toLowerCase().match(/[0-9a-f]{2}/g) ?? [];
  return bytes.join(":");
}

/** Why a card is taken for the one of that name. */
export type InterfaceReason =
  /** Somebody said so. */
  | "given"
  /** The guest itself runs there, and calls it so. */
  | "own"
  /** The guest's files know it by its address. */
  | "address"
  /** They know it by its slot. */
  | "slot"
  /** The name follows from where it sits, as the guest's udev makes it; or as another release or program does. */
  | "place"
  /** Of the configured names and the cards these two are left. */
  | "only"
  /** Of the cards that are left it alone has a cable. */
  | "cable"
  /** One of the ports of a bond or bridge, which are alike. */
  | "alike";

/** `card`: its name in the system that looked, which no other card has. */
export type NamedCard = { readonly name: string; readonly card: string; readonly because: InterfaceReason };

export type InterfaceNames = {
  readonly known: readonly NamedCard[];
  /** Names and cards of which it cannot be told which is which. */
  readonly unclear: readonly { readonly names: readonly string[]; readonly cards: readonly string[] }[];
  /** Configured names that no card carries. */
  readonly missing: readonly string[];
};

export type Asked = InterfaceEvidence & {
  /** Names that something configures for use at boot. */
  readonly wanted: readonly string[];
  /** Names that stand in the guest's files without being used. */
  readonly mentioned?: readonly string[];
  /** Groups of names that are ports of one bond or bridge each. */
  readonly alike?: readonly (readonly string[])[];
  /** By whom runs the program: name to address. */
  readonly given: ReadonlyMap<string, string>;
  /** Are the cards' names those of the guest itself (a survey)? */
  readonly own: boolean;
};
