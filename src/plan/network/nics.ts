// SPDX-License-Identifier: Apache-2.0
// Which NICs the VM gets, and the name each must keep inside the guest.
import { createHash } from "node:crypto";
import {
  guestFiles,
  type GuestOS,
  type IntendedNic,
  isInterfaceName,
  makeProblem,
  type Nic,
  parseMac,
  type Problem,
} from "../../core/index.ts";
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
      : { nics: ofGuest(guest, seed), problems: [] };
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
  return { nics, problems: [...problems, ...problemsOf(nics), ...otherMacs(nics, guest)] };
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

function ofGuest(guest: GuestOS | null, seed: string): IntendedNic[] {
  const claims = guest?.interfaces?.claims ?? [];
  return (guest?.network ?? [])
    .filter((one) => isInterfaceName(one.name))
    .map((one) => {
      const mac = one.mac === null ? null : parseMac(one.mac);
      const slots = claims.flatMap(({ name, by }) =>
        name === one.name && by.kind === "slot" ? [by.bus] : [],
      );
      const aliases = slots.length === 0 ? {} : { aliases: [...new Set(slots)] };
      return mac === null
        ? { name: one.name, mac: generateMac(`${seed}/${one.name}`), origin: "generated", ...aliases }
        : { name: one.name, mac, origin: "guest", ...aliases };
    });
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
