// SPDX-License-Identifier: Apache-2.0
// The live system's network: which way, and whether it works.
import type { NetworkSetup } from "../../../core/index.ts";
import type { Check } from "../../../network/index.ts";
import { paragraphs } from "../box.ts";
import { summary } from "../network-text.ts";
import type { Page } from "../page.ts";
import type { NetworkState, NetworkWay, WizardState } from "../state.ts";

export const networkWay: Page = {
  name: "network-way",
  help: "as on this server: the live system takes over addresses, VLANs, bonds, gateway and name servers that the installed system's own files ask for. You can change them on the next page. The installed system is not running now, so nobody else has these addresses.\n\nautomatic: DHCP and router advertisements on every port. That is what was tried at boot.\n\nby hand: an address that you type.",
  applies: ({ live }) => live,
  box: ({ network }) => ({
    kind: "menu",
    title: "Network",
    text: paragraphs(
      "How shall this live system reach the host?",
      ...(network.found === null ? [] : [`  This server's own network:\n${summary(network.found)}`]),
    ),
    items: [
      ...(network.found === null ? [] : [{ tag: "server", label: "as on this server" }]),
      { tag: "auto", label: "automatic: DHCP and router advertisements" },
      { tag: "hand", label: "by hand" },
    ],
    chosen: network.way ?? (network.found === null ? "auto" : "server"),
  }),
  take: (state, [tag = "auto"]) => {
    const way = (["server", "auto", "hand"] as const).find((one) => one === tag) ?? "auto";
    const { network } = state;
    const isNew = way !== network.way;
    return withNetwork(state, { way, editing: null, ...(isNew ? { setup: beginning(way, state) } : {}) });
  },
};

export const withNetwork = (state: WizardState, changes: Partial<NetworkState>): WizardState => ({
  ...state,
  network: { ...state.network, ...changes },
});

function beginning(way: NetworkWay, { network, machine }: WizardState): NetworkSetup {
  if (way === "server" && network.found !== null) return network.found;
  const nic = machine.nics.find(({ carrier }) => carrier === true) ?? machine.nics[0];
  const links =
    way === "auto" || nic === undefined
      ? []
      : [
          {
            name: nic.name,
            kind: { kind: "card", mac: nic.mac },
            ip: { kind: "none" },
            mtu: null,
          } as const,
        ];
  return { links, dns: [], search: [] };
}

export const networkCheck: Page = {
  name: "network-check",
  help: "address: one is there. duplicate: whether another machine has it already. gateway: it answers a ping; some are told not to, then a FAILS here is no harm.\n\nNext goes on in any case. Back leads to the network's pages.",
  applies: ({ live }) => live,
  box: ({ network }) => ({
    kind: "text",
    title: "Does the network work?",
    text: printChecks(network.checks ?? []),
  }),
  take: (state) => state,
};

function printChecks(checks: readonly Check[]): string {
  const bad = checks.some(({ ok }) => !ok);
  const lines = checks.map(({ what, ok, text }) => `  ${ok ? "[ok]   " : "[FAILS]"} ${what}: ${text}`);
  const word = bad
    ? "Something does not work. Back leads to where it can be fixed; Next goes on as it is."
    : "The network works.";
  return `${paragraphs(word)}\n\n${lines.join("\n")}`;
}
