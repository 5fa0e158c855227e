// SPDX-License-Identifier: Apache-2.0
// The verdict: what the guest reported against what its own configuration asks for. Pure.
import type {
  Difference,
  GuestInterface,
  GuestOS,
  IntendedNic,
  JudgedCard,
  NetworkFault,
  Outcome,
} from "../../core/index.ts";
import type { Probe, ProbeLink } from "../probe/probe.ts";
import { hardwareReason, waitsForDhcp, waitsForOtherMachine } from "./waiting-units.ts";

export type Verdict = {
  readonly outcome: Outcome;
  /** Units that failed only for want of another machine. */
  readonly waitingUnits: readonly string[];
};

export type JudgeInput = {
  readonly probe: Probe;
  /** null: not known, so it is not compared. */
  readonly expectedRootUuid: string | null;
  readonly guest: Pick<GuestOS, "network" | "mounts" | "cloudInit">;
  readonly nics: readonly IntendedNic[];
  /** The check's network has a DHCP server. Default true. */
  readonly dhcpAnswers?: boolean;
  /** From the VM's start to its report. */
  readonly seconds: number;
  /** For `not-booted`. */
  readonly lastLines?: readonly string[];
};

export function judge({
  probe,
  expectedRootUuid,
  guest,
  nics,
  dhcpAnswers = true,
  seconds,
  lastLines = [],
}: JudgeInput): Verdict {
  const wantsDhcp = guest.network.some(({ configured }) => configured.kind === "dhcp");
  const noDhcp = !dhcpAnswers && wantsDhcp;
  const units = sortUnits(probe, { guest, noDhcp });
  // Emergency and rescue mode: something runs, but not the server.
  if (probe.state === "maintenance") {
    const failed = probe.failed.map(({ unit }) => unit).join(", ");
    const why = `The system stopped in emergency or rescue mode${failed === "" ? "" : `; failed: ${failed}`}`;
    return { outcome: { kind: "not-booted", why, lastLines }, waitingUnits: units.waiting };
  }
  const interfaces = guest.network.filter(({ configured }) => configured.kind !== "none");
  const judged = interfaces.map((wanted) => judgeLink(probe, wanted, { nics, dhcpAnswers }));
  const differences = [
    ...rootDifferences(probe, expectedRootUuid),
    ...judged.flatMap((one) => one.differences),
    ...(noDhcp ? [NO_DHCP] : []),
    ...units.differences,
    ...settledDifferences(probe),
  ];
  const cameUp = judged.flatMap(({ nic, isUp }) => (isUp ? [nic] : []));
  return {
    outcome:
      differences.length === 0
        ? { kind: "booted", seconds, cameUp }
        : { kind: "booted-but", seconds, differences, cameUp },
    waitingUnits: units.waiting,
  };
}

function rootDifferences(probe: Probe, expected: string | null): Difference[] {
  if (expected === null || probe.root?.toLowerCase() === expected.toLowerCase()) return [];
  const on = probe.rootSource === null ? "" : ` on ${probe.rootSource}`;
  const text =
    probe.root === null
      ? `The root file system${on} has no UUID that could be compared with ${expected}`
      : `The root file system is ${probe.root}${on} instead of ${expected}`;
  return [{ about: "root", fault: probe.root === null ? "not-known" : "other", text }];
}

const NO_DHCP: Difference = {
  about: "not-tried",
  text: "DHCP was not tried: the check's network leads nowhere, and has no server",
};

function sortUnits(
  probe: Probe,
  { guest, noDhcp }: { guest: Pick<GuestOS, "mounts" | "cloudInit">; noDhcp: boolean },
): { waiting: readonly string[]; differences: readonly Difference[] } {
  const waiting: string[] = [];
  const differences: Difference[] = [];
  for (const one of probe.failed) {
    const { unit, result } = one;
    if (waitsForOtherMachine(one, { guest, all: probe.failed }) || (noDhcp && waitsForDhcp(unit))) {
      waiting.push(unit);
      continue;
    }
    const hardware = hardwareReason(unit);
    const how = result === "" ? "" : ` (${result})`;
    differences.push({
      about: "unit",
      text: `${unit} failed${how}${hardware === null ? "" : `: ${hardware}`}`,
    });
  }
  return { waiting, differences };
}

function settledDifferences({ state, waiting }: Probe): Difference[] {
  if (state !== "starting" && state !== "initializing" && state !== "stopping") return [];
  const jobs = waiting.slice(0, 5).join(", ");
  return [
    {
      about: "unit",
      text: `The system was still ${state} when it reported${jobs === "" ? "" : `; it waited for ${jobs}`}`,
    },
  ];
}

/** What is wrong with an interface, before it is told which. */
type Fault = { readonly fault: NetworkFault; readonly text: string };

const wrong = (fault: NetworkFault, text: string): Fault => ({ fault, text });

type Judged = {
  readonly nic: JudgedCard;
  readonly differences: readonly Difference[];
  readonly isUp: boolean;
};

type Network = { readonly nics: readonly IntendedNic[]; readonly dhcpAnswers: boolean };

function judgeLink(probe: Probe, wanted: GuestInterface, { nics, dhcpAnswers }: Network): Judged {
  const { name } = wanted;
  const mac = (nics.find((nic) => nic.name === name)?.mac ?? wanted.mac)?.toLowerCase() ?? null;
  const nic = { name, mac };
  const faults = linkFaults(probe, wanted, { mac, dhcpAnswers });
  const differences = faults.map((one): Difference => ({ about: "network", nic, ...one }));
  return { nic, differences, isUp: faults.length === 0 && isTried(wanted, dhcpAnswers) };
}

/** Where nothing answers DHCP, only what is below is looked at. */
const isTried = ({ configured }: GuestInterface, dhcpAnswers: boolean): boolean =>
  configured.kind !== "dhcp" || dhcpAnswers;

/** What is wrong with one interface that the guest configures; its first cause only, where one causes the others. */
function linkFaults(
  probe: Probe,
  wanted: GuestInterface,
  { mac, dhcpAnswers }: { mac: string | null; dhcpAnswers: boolean },
): readonly Fault[] {
  const { name, configured } = wanted;
  const link = probe.links.find((one) => one.name === name);
  if (link === undefined) {
    const other = mac === null ? undefined : probe.links.find((one) => one.mac === mac && one.physical);
    return [
      wrong(
        "missing",
        other === undefined
          ? `${name} is missing, and so is a network card ${mac ?? "for it"}`
          : `${name} is missing: its network card ${mac} is called ${other.name} now`,
      ),
    ];
  }
  const faults: Fault[] = [];
  if (mac !== null && link.mac !== mac)
    faults.push(
      wrong("other-card", `${name} is the network card ${link.mac ?? "without a MAC"} instead of ${mac}`),
    );
  if (!link.carrier) {
    const isDown = link.state === "down";
    const text = `${name} has no link: it is ${isDown ? "down" : "not connected"}`;
    return [...faults, wrong(isDown ? "down" : "no-link", text)];
  }
  return isTried(wanted, dhcpAnswers) ? [...faults, ...configFaults(probe, link, configured)] : faults;
}

function configFaults(
  probe: Probe,
  link: ProbeLink,
  configured: GuestInterface["configured"],
): readonly Fault[] {
  switch (configured.kind) {
    case "none":
      return [];
    case "port":
      if (link.master === configured.of) return [];
      // A VLAN's lower link has no master; there the upper link must exist.
      return link.master === null && probe.links.some((one) => one.name === configured.of)
        ? []
        : [wrong("not-a-port", `${link.name} is not a port of ${configured.of}`)];
    case "dhcp": {
      // No default route is asked for: QEMU's DHCP server offers none on a restricted network.
      if (!probe.ip) return [notKnown(link.name)];
      return link.addresses.some(isGlobal)
        ? []
        : [wrong("no-address", `${link.name} got no address by DHCP`)];
    }
    case "static": {
      if (!probe.ip) return [notKnown(link.name)];
      const lacking = configured.addresses.filter(
        (address) => !link.addresses.some((has) => sameAddress(has, address)),
      );
      const faults = lacking.map((address) =>
        wrong("no-address", `${link.name} lacks its address ${address}`),
      );
      const { gateway } = configured;
      if (gateway !== null && !probe.routes.some(({ via }) => via !== null && sameAddress(via, gateway)))
        faults.push(wrong("no-route", `The default route through ${gateway} is missing`));
      return faults;
    }
  }
}

const notKnown = (name: string): Fault =>
  wrong("not-known", `The addresses of ${name} are not known: the guest has no program ip`);

/** Link-local addresses come by themselves, also when DHCP failed. */
function isGlobal(address: string): boolean {
  return !/^(?:fe[89ab][0-9a-f]:|169\.254\.|127\.|::1(?:\/|$))/i.test(address);
}

/** Equal addresses; prefix lengths are compared where both have one. */
function sameAddress(a: string, b: string): boolean {
  const [addressA = "", prefixA] = a.split("/");
  const [addressB = "", prefixB] = b.split("/");
  if (prefixA !== undefined && prefixB !== undefined && prefixA !== prefixB) return false;
  return canonicalAddress(addressA) === canonicalAddress(addressB);
}

/** One spelling for each address: IPv6 as WHATWG URLs write it (RFC 5952). */
function canonicalAddress(address: string): string {
  if (!address.includes(":")) return address;
  const url = URL.parse(`http://[${address}]/`);
  return url === null ? address.toLowerCase() : url.hostname;
}
