// SPDX-License-Identifier: Apache-2.0
// network reads which physical interfaces the guest's own files name, and what each asks for.
import type { GuestInterface, GuestView } from "../../../core/index.ts";
import { ifcfg } from "./ifcfg.ts";
import { ifupdown } from "./ifupdown.ts";
import { netplan } from "./netplan.ts";
import { networkd } from "./networkd.ts";
import { networkmanager } from "./networkmanager.ts";
import type { Finding, NetworkSource } from "./source.ts";
import { leases, udev } from "./udev.ts";

/** What configures comes before what only names. */
const SOURCES: readonly NetworkSource[] = [netplan, ifupdown, networkmanager, ifcfg, networkd, udev, leases];

const MAX_INTERFACES = 256;

export async function readGuestInterfaces(view: GuestView): Promise<readonly GuestInterface[]> {
  const findings: Finding[] = [];
  for (const source of SOURCES) findings.push(...(await source.read(view)));
  return mergeFindings(findings);
}

/**
 * One interface per name: the first that configures it says how, the first that knows a MAC says which. A rule or a
 * lease of an interface that nothing configures is a trace of old hardware where others are configured: left out.
 */
export function mergeFindings(findings: readonly Finding[]): readonly GuestInterface[] {
  const byName = Map.groupBy(findings, (finding) => finding.name);
  const merged = [...byName].map(([name, list]): GuestInterface & { readonly asked: boolean } => {
    const asks = list.filter((one) => one.configured !== null);
    const chosen =
      asks.find((one) => one.configured?.kind === "static") ??
      asks.find((one) => one.configured?.kind !== "none") ??
      asks[0];
    return {
      name,
      mac: list.find((one) => one.mac !== null)?.mac ?? null,
      from: (chosen ?? list[0])?.from ?? "",
      configured: chosen?.configured ?? { kind: "none" },
      asked: chosen !== undefined,
    };
  });
  const someAsked = merged.some((one) => one.asked);
  return merged
    .filter((one) => one.asked || !someAsked)
    .slice(0, MAX_INTERFACES)
    .map(({ name, mac, from, configured }) => ({ name, mac, from, configured }));
}
