// SPDX-License-Identifier: Apache-2.0
// Ports that a bond names by slot or address (BONDING_SLAVE_0='bus-pci-0000:01:00.0', getcfg(8) of SLES 9 and 10): by name. Pure.
import { macOfName } from "../../../core/index.ts";
import { isPhysicalName, type Made, parseSlot, type Sighting } from "./source.ts";

/** Where a rule knows the slot or the address, else where as many cards are free as ports are open: in a bond all are alike. */
export function namedPorts(made: readonly Made[], sightings: readonly Sighting[]): readonly Made[] {
  const resolved = made.map((one) => ({ ...one, ports: one.ports.map((port) => nameOf(port, sightings)) }));
  const open = resolved.filter(({ ports }) => ports.some(isHardware));
  const [only, ...more] = open;
  if (only === undefined || more.length > 0) return resolved;
  const wanted = new Set(only.ports.filter(isHardware));
  const free = freeCards(resolved, sightings);
  if (free.length !== wanted.size) return resolved;
  const ports = [...only.ports.filter((port) => !isHardware(port)), ...free];
  return resolved.map((one) => (one === only ? { ...one, ports } : one));
}

const isHardware = (port: string): boolean => /^(?:eth-)?(?:bus-|id-)/.test(port);

function nameOf(port: string, sightings: readonly Sighting[]): string {
  if (!isHardware(port)) return port;
  const mac = macOfName(port);
  const slot = parseSlot(port.replace(/^(?:eth-)?bus-/, ""));
  const same = sightings.find(
    (one) => one.name !== null && ((mac !== null && one.mac === mac) || (slot !== null && one.slot === slot)),
  );
  return same?.name ?? port;
}

/** Cards that are configured for nothing of their own: so SUSE writes those of a bond. */
function freeCards(made: readonly Made[], sightings: readonly Sighting[]): readonly string[] {
  const taken = new Set(made.flatMap(({ name, ports }) => [name, ...ports]));
  const names = new Set<string>();
  for (const { name, configured } of sightings)
    if (name !== null && configured?.kind === "none" && isPhysicalName(name) && !taken.has(name))
      names.add(name);
  for (const { name, configured } of sightings)
    if (name !== null && configured !== null && configured.kind !== "none") names.delete(name);
  return [...names].toSorted();
}
