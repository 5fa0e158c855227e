// SPDX-License-Identifier: Apache-2.0
// Which NICs the VM gets, and the name each must keep inside the guest.
import { createHash } from "node:crypto";
import {
  guestFiles,
  type GuestInterface,
  type GuestOS,
  type IntendedNic,
  isInterfaceName,
  makeProblem,
  type Nic,
  NO_EVIDENCE,
  parseMac,
  type Problem,
} from "../../core/index.ts";
import { findConflicts } from "./conflicts.ts";
import { nicsOfMachine } from "./nics-of-machine.ts";

/**
 * In QEMU's range (52:54:00), the rest from a hash: the same machine gets the same address each time, so that a
 * second run changes nothing. Different machines differ with a probability of 1 in 16 million per pair.
 */
export function generateMac(seed: string): string {
  const hash = createHash("sha256").update(seed).digest();
  return ["52", "54", "00", ...[0, 1, 2].map((i) => (hash[i] ?? 0).toString(16).padStart(2, "0"))].join(":");
}

const BY_NUMBER = new Intl.Collator("en", { numeric: true });

type Inputs = {
  /** The machine's physical NICs; none when only disk images are there. */
  readonly machineNics: readonly Nic[];
  readonly guest: GuestOS | null;
  readonly given: ReadonlyMap<string, string>;
  /** Makes generated addresses this guest's own. */
  readonly seed: string;
  /** Does the guest itself run on the machine, so that its cards have the names that it gave? */
  readonly own?: boolean;
};

/** One VM NIC per physical interface, of the machine where there is one, else of the guest's own files. */
export function chooseNics(inputs: Inputs): { nics: readonly IntendedNic[]; problems: readonly Problem[] } {
  const { machineNics, guest, given, seed } = inputs;
  const cards = machineNics.filter((nic) => parseMac(nic.mac) !== null);
  const { nics: own, problems } =
    cards.length > 0
      ? nicsOfMachine({ cards, guest, given, own: inputs.own ?? false })
      : ofGuest(guest, { seed, given });
  const named = own.map((nic): IntendedNic => {
    const mac = given.get(nic.name);
    return mac === undefined ? nic : { name: nic.name, mac, origin: "given" };
  });
  for (const [name, mac] of given)
    if (!named.some((nic) => nic.name === name)) named.push({ name, mac, origin: "given" });
  if (named.length === 0 && guest !== null)
    named.push({ name: "eth0", mac: generateMac(`${seed}/eth0`), origin: "generated" });
  // Systems without udev count cards as they find them: eth0 must come before eth1.
  const nics =
    cards.length > 0 || named.every(({ name }) => /^eth\d+$/.test(name))
      ? named.toSorted((a, b) => BY_NUMBER.compare(a.name, b.name))
      : named;
  return {
    nics,
    problems: [...problems, ...problemsOf(nics), ...otherMacs(nics, guest), ...findConflicts(nics, guest)],
  };
}

/** Of ifcfg and NetworkManager the steps that read them say it. */
const REPORTED = /^\/etc\/(?:sysconfig|NetworkManager)\//;

function otherMacs(nics: readonly IntendedNic[], guest: GuestOS | null): Problem[] {
  return (guest?.interfaces?.claims ?? []).flatMap(({ name, from, by }) => {
    const nic = nics.find((one) => one.name === name);
    if (nic === undefined || by.kind !== "address" || by.how !== "sets") return [];
    if (by.mac === nic.mac || REPORTED.test(from)) return [];
    return [
      makeProblem("nic-other-mac", {
        about: [{ kind: "nic", name, mac: by.mac }, ...guestFiles(from)],
        text: `${from} gives ${name} the address ${by.mac} in place of its card's own (${nic.mac})`,
        advice: "Where the host lets only the card's own address through, take that line out in the VM",
      }),
    ];
  });
}

function ofGuest(
  guest: GuestOS | null,
  { seed, given }: Pick<Inputs, "seed" | "given">,
): { nics: readonly IntendedNic[]; problems: readonly Problem[] } {
  const claims = guest?.interfaces?.claims ?? [];
  const all = (guest?.network ?? []).filter((one) => isInterfaceName(one.name));
  const leftovers = all.filter((one) => !given.has(one.name) && isLeftover(one, guest));
  const nics = all
    .filter((one) => !leftovers.includes(one))
    .map((one): IntendedNic => {
      const mac = one.mac === null ? null : parseMac(one.mac);
      const slots = claims.flatMap(({ name, by }) =>
        name === one.name && by.kind === "slot" ? [by.bus] : [],
      );
      const aliases = slots.length === 0 ? {} : { aliases: [...new Set(slots)] };
      return mac === null
        ? { name: one.name, mac: generateMac(`${seed}/${one.name}`), origin: "generated", ...aliases }
        : { name: one.name, mac, origin: "guest", ...aliases };
    });
  const problems = leftovers
    .filter(({ configured }) => configured.kind !== "none")
    .map(({ name, from }) =>
      makeProblem("nic-not-in-vm", {
        about: [{ kind: "nic", name, mac: null }, ...guestFiles(from)],
        text: `${from} configures ${name}, and the guest's udev gives no card that name: the VM has none for it`,
        advice: `If it is still needed, give the VM a card of that name with --nic ${name}=MAC`,
      }),
    );
  return { nics, problems };
}

/** eth0 beside enp3s0, of an upgrade or a template, where udev makes names of places: its address must not come to life. */
function isLeftover({ name, anyOf }: GuestInterface, guest: GuestOS | null): boolean {
  const { claims, naming } = guest?.interfaces ?? NO_EVIDENCE;
  if (naming.kind !== "places" || !/^eth\d+$/.test(name) || anyOf !== undefined) return false;
  if (claims.some((claim) => claim.name === name)) return false;
  return (guest?.network ?? []).some(
    (other) => /^en[ops]\d/.test(other.name) && other.anyOf === undefined && other.configured.kind !== "none",
  );
}

function problemsOf(nics: readonly IntendedNic[]): Problem[] {
  const problems: Problem[] = [];
  for (const [index, nic] of nics.entries()) {
    const twin = nics.slice(0, index).find((other) => other.mac === nic.mac || other.name === nic.name);
    if (twin === undefined) continue;
    problems.push(
      makeProblem("nic-twice", {
        about: [twin, nic].map(({ name, mac }) => ({ kind: "nic", name, mac })),
        text: `The NICs ${twin.name} (${twin.mac}) and ${nic.name} (${nic.mac}) have one name or one address`,
        advice: "Give each its own with --nic NAME=MAC",
      }),
    );
  }
  return problems;
}
