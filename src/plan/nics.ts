// SPDX-License-Identifier: Apache-2.0
// Which NICs the VM gets, and the name each must keep inside the guest.
import { createHash } from "node:crypto";
import {
  type GuestInterface,
  type GuestOS,
  type IntendedNic,
  isInterfaceName,
  makeProblem,
  type Nic,
  parseMac,
  type Problem,
} from "../core/index.ts";

/**
 * In QEMU's range (52:54:00), the rest from a hash: the same machine gets the same address each time, so that a
 * second run changes nothing. Different machines differ with a probability of 1 in 16 million per pair.
 */
export function generateMac(seed: string): string {
  const hash = createHash("sha256").update(seed).digest();
  return ["52", "54", "00", ...[0, 1, 2].map((i) => (hash[i] ?? 0).toString(16).padStart(2, "0"))].join(":");
}

type Inputs = {
  /** The machine's physical NICs; none when only disk images are there. */
  readonly machineNics: readonly Nic[];
  readonly guest: GuestOS | null;
  readonly given: ReadonlyMap<string, string>;
  /** Makes generated addresses this guest's own. */
  readonly seed: string;
};

/** One VM NIC per physical interface, of the machine where there is one, else of the guest's own files. */
export function chooseNics(inputs: Inputs): { nics: readonly IntendedNic[]; problems: readonly Problem[] } {
  const interfaces = (inputs.guest?.network ?? []).filter((one) => isInterfaceName(one.name));
  const nics =
    inputs.machineNics.length > 0
      ? ofMachine(inputs.machineNics, interfaces)
      : ofGuest(interfaces, inputs.seed);
  const named = nics.map((nic): IntendedNic => {
    const mac = inputs.given.get(nic.name);
    return mac === undefined ? nic : { name: nic.name, mac, origin: "given" };
  });
  for (const [name, mac] of inputs.given)
    if (!named.some((nic) => nic.name === name)) named.push({ name, mac, origin: "given" });
  if (named.length === 0 && inputs.guest !== null)
    named.push({ name: "eth0", mac: generateMac(`${inputs.seed}/eth0`), origin: "generated" });
  return { nics: named, problems: problemsOf(named) };
}

/** The guest may know a NIC by another name than the system that runs now: its own files tell, by MAC. */
function ofMachine(machine: readonly Nic[], guest: readonly GuestInterface[]): IntendedNic[] {
  return machine
    .filter((nic) => parseMac(nic.mac) !== null)
    .map((nic) => {
      const known = guest.find((one) => one.mac !== null && parseMac(one.mac) === nic.mac);
      return { name: known?.name ?? nic.name, mac: nic.mac, origin: "machine" };
    });
}

function ofGuest(guest: readonly GuestInterface[], seed: string): IntendedNic[] {
  return guest.map((one) => {
    const mac = one.mac === null ? null : parseMac(one.mac);
    return mac === null
      ? { name: one.name, mac: generateMac(`${seed}/${one.name}`), origin: "generated" }
      : { name: one.name, mac, origin: "guest" };
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
