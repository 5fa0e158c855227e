// SPDX-License-Identifier: Apache-2.0
// Names that two files tie to different cards: a rule that names one card so, and a configuration that is for another. Pure.
import {
  guestFiles,
  type GuestOS,
  type IntendedNic,
  type InterfaceClaim,
  makeProblem,
  type Problem,
} from "../../core/index.ts";

type ByAddress = InterfaceClaim & { readonly by: { readonly kind: "address" } };

/** ifup of Red Hat, NetworkManager and networkd all pass by a configuration whose address its card does not have. */
export function findConflicts(nics: readonly IntendedNic[], guest: GuestOS | null): readonly Problem[] {
  const claims = (guest?.interfaces?.claims ?? []).filter(
    (claim): claim is ByAddress => claim.by.kind === "address",
  );
  return nics.flatMap((nic) => {
    if (nic.origin === "given") return [];
    const of = (how: ByAddress["by"]["how"]): readonly ByAddress[] =>
      claims.filter(({ name, by }) => name === nic.name && by.how === how);
    const [found] = of("finds");
    const [ruled] = of("names");
    if (found === undefined || ruled === undefined) return [];
    if (of("finds").some(({ by }) => of("names").some((other) => other.by.mac === by.mac))) return [];
    const macs = [found, ruled].map(({ by }) => by.mac);
    return [
      makeProblem("nic-unclear", {
        about: [
          ...macs.map((mac) => ({ kind: "nic", name: nic.name, mac }) as const),
          ...guestFiles(found.from, ruled.from),
        ],
        text: `${found.from} is for the card ${found.by.mac} as ${nic.name}, and ${ruled.from} calls the card ${ruled.by.mac} ${nic.name}; the VM's ${nic.name} has ${nic.mac}`,
        advice: `Say which is right with --nic ${nic.name}=MAC`,
      }),
    ];
  });
}
