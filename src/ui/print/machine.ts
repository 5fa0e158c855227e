// SPDX-License-Identifier: Apache-2.0
// A machine as a person reads it: the hardware, then its storage as a tree.
import {
  type BootEntry,
  type Cpu,
  type Dmi,
  type Firmware,
  formatBytes,
  type GuestOS,
  type Known,
  type Machine,
  type Nic,
} from "../../core/index.ts";
import { breakText, padTo, printable } from "../text/columns.ts";
import { type Fact, factLines, HEAD_COLUMNS } from "../text/wrap.ts";
import { printGuest } from "./guest.ts";
import { printStorage } from "./storage.ts";

export type PrintMachineOptions = {
  /** Of the terminal; Infinity: nothing is broken. Default: 80. */
  readonly columns?: number;
  /** No box-drawing characters, no others beyond ASCII: for a terminal that is not UTF-8. */
  readonly ascii?: boolean;
  /** The systems found on the disks, printed below. */
  readonly guests?: readonly GuestOS[];
};

/** Ends without a newline. Unknown facts are `unknown (why)`. */
export function printMachine(
  machine: Machine,
  { columns = 80, ascii = true, guests = [] }: PrintMachineOptions = {},
): string {
  const { storage, notKnown = [] } = machine;
  const missing = (about: string): string | null => notKnown.find((one) => one.about === about)?.why ?? null;
  const facts: readonly Fact[] = [
    ["Machine", machineText(machine)],
    ["Firmware", show(machine.firmware, firmwareText)],
    ...bootEntriesOf(machine.firmware).map((entry) => ["", bootEntryText(entry)] as const),
    ["CPU", show(machine.cpu, cpuText)],
    ["Memory", show(machine.memoryBytes, formatBytes)],
    ["Clock", show(machine.clock, (clock) => (clock === "utc" ? "UTC" : "local time"))],
    ...networkFacts(machine.nics, missing("nics")),
  ];
  const lines = [
    ...factLines(
      facts.map(([head, text]) => [head, printable(text, { ascii })]),
      columns,
    ),
  ];
  const why = missing("storage");
  if (storage.nodes.length > 0) lines.push("", ...printStorage(storage, { ascii, width: columns }));
  else lines.push(`${padTo("Storage", HEAD_COLUMNS)}${why === null ? "no disk" : `unknown (${why})`}`);
  for (const one of notKnown.filter(({ about }) => about !== "nics" && about !== "storage"))
    lines.push(...breakText(printable(`${one.about}: unknown (${one.why})`, { ascii }), columns));
  for (const guest of guests) lines.push("", printGuest(guest, { columns }));
  return lines.join("\n");
}

function show<T>(fact: Known<T>, text: (value: T) => string): string {
  return fact.kind === "known" ? text(fact.value) : `unknown (${fact.why})`;
}

function machineText({ name, arch, dmi }: Machine): string {
  const parts = [name, show(dmi, dmiText), arch === "unknown" ? "architecture unknown" : arch];
  if (dmi.kind === "unknown") parts[1] = `hardware ${parts[1]}`;
  return parts.filter((part) => part !== "").join(", ");
}

function dmiText({ vendor, product, serial, uuid, biosVersion }: Dmi): string {
  return [
    [vendor, product].filter((part) => part !== null).join(" "),
    serial === null ? "" : `serial ${serial}`,
    uuid === null ? "" : `UUID ${uuid}`,
    biosVersion === null ? "" : `firmware ${biosVersion}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function firmwareText(firmware: Firmware): string {
  return firmware.kind === "bios" ? "BIOS" : `UEFI, Secure Boot ${firmware.secureBoot ? "on" : "off"}`;
}

function bootEntriesOf(firmware: Known<Firmware>): readonly BootEntry[] {
  return firmware.kind === "known" && firmware.value.kind === "uefi" ? firmware.value.bootEntries : [];
}

function bootEntryText({ number, label, active, path }: BootEntry): string {
  const name = `Boot${number.toString(16).toUpperCase().padStart(4, "0")}${active ? "" : " (off)"}`;
  // Which partition it is, the JSON says.
  const file = path?.replace(/^HD\([^)]*\)\//, "");
  return [name, label, ...(file === undefined ? [] : [file])].join("  ");
}

function cpuText({ sockets, cores, threads, model, level }: Cpu): string {
  const counts = [count(sockets, "socket"), count(cores, "core"), count(threads, "thread")];
  const name = show(model, (value) => value);
  return `${name}${level.kind === "known" ? ` (x86-64-v${level.value})` : ""}; ${counts.join(", ")}`;
}

function count(fact: Known<number>, noun: string): string {
  return fact.kind === "known"
    ? `${fact.value} ${noun}${fact.value === 1 ? "" : "s"}`
    : `${noun}s unknown (${fact.why})`;
}

function networkFacts(nics: readonly Nic[], why: string | null): readonly (readonly [string, string])[] {
  const known = nics.map((nic, index) => [index === 0 ? "Network" : "", nicText(nic, nics)] as const);
  if (why !== null) return [...known, [nics.length === 0 ? "Network" : "", `unknown (${why})`]];
  return nics.length === 0 ? [["Network", "no card"]] : known;
}

function nicText({ name, mac, driver, speedMbit, carrier, bus }: Nic, all: readonly Nic[]): string {
  const names = Math.max(...all.map((nic) => nic.name.length));
  const link = carrier === null ? "link unknown" : carrier ? "link up" : "no link";
  const rest = [
    driver ?? "driver unknown",
    ...(bus === null ? [] : [bus]),
    ...(speedMbit === null ? [] : [`${speedMbit} Mbit/s`]),
    link,
  ];
  return `${name.padEnd(names)}  ${mac}  ${rest.join(", ")}`;
}
