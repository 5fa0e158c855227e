// SPDX-License-Identifier: Apache-2.0
// Several surveyed machines, one line each: for people, and as CSV (RFC 4180) for spreadsheets.
import { basename } from "node:path";
import {
  type BlockGraph,
  formatBytes,
  type GuestOS,
  type Known,
  type Machine,
  type Preview,
  type Problem,
  VM_DRIVERS,
} from "../../core/index.ts";
import { columnsOf, cutTo, padTo, printable } from "../text/columns.ts";

/** `preview`, or why there is none. */
export type SurveyRow =
  | { readonly file: string; readonly machine: Machine; readonly preview: Preview }
  | { readonly file: string; readonly error: string };

/** `boots`: as far as files can tell. */
export type SurveyVerdict = "boots" | "look" | "no" | "unknown";

function verdictOf({ guest, problems }: Pick<Preview, "guest" | "problems">): SurveyVerdict {
  if (problems.some(({ severity }) => severity === "stops")) return "no";
  if (guest === null) return "unknown";
  return problems.some(({ severity }) => severity === "warns") ? "look" : "boots";
}

const WORDS: Readonly<Record<SurveyVerdict, string>> = {
  boots: "yes",
  look: "yes, see plan",
  no: "NO",
  unknown: "not known",
};

const HEAD = ["Machine", "System", "Boots", "Firmware", "Disks", "To send", "NICs", "Storage", "No driver"];
const WIDEST = [24, 28, 14, 8, 5, 10, 4, 20, 24];

/** A table, then what stops or is to be looked at, by machine. */
export function printSurveys(rows: readonly SurveyRow[]): string {
  const cells = rows.map((row) => ("error" in row ? [basename(row.file), row.error] : rowCells(row)));
  const widths = HEAD.map((head, index) =>
    Math.min(
      WIDEST[index] ?? 20,
      Math.max(
        head.length,
        ...cells.map((row) => (row.length === HEAD.length || index === 0 ? columnsOf(row[index] ?? "") : 0)),
      ),
    ),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => padTo(cutTo(cell, widths[index] ?? 20), widths[index] ?? 20))
      .join("  ")
      .trimEnd();
  const out = [line(HEAD)];
  for (const row of cells)
    out.push(
      row.length === HEAD.length
        ? line(row)
        : `${padTo(cutTo(row[0] ?? "", widths[0] ?? 24), widths[0] ?? 24)}  ${printable(row[1] ?? "", { ascii: false })}`,
    );
  const words = rows.flatMap((row) => ("error" in row ? [] : problemLines(row)));
  return `${[...out, ...(words.length === 0 ? [] : ["", ...words])].join("\n")}\n`;
}

function rowCells({ preview, machine }: Extract<SurveyRow, { preview: Preview }>): readonly string[] {
  const { vm, guest, disks } = preview;
  const used = disks.reduce((sum, disk) => sum + disk.usedBytes, 0);
  return [
    vm.name,
    guest?.title ?? "not recognized",
    WORDS[verdictOf(preview)],
    firmwareWord(vm),
    `${disks.length}`,
    formatBytes(used),
    `${machine.nics.length}`,
    storageWords(preview.intent.storage).join(" "),
    missingDrivers(guest).join(" "),
  ].map((cell) => printable(cell, { ascii: false }));
}

function problemLines({ preview }: Extract<SurveyRow, { preview: Preview }>): readonly string[] {
  const said = preview.problems.filter(({ severity }) => severity !== "notes");
  return said.map((problem) =>
    printable(`${preview.vm.name}: ${problem.severity === "stops" ? "STOPS" : "WARNING"}: ${problem.text}`, {
      ascii: false,
    }),
  );
}

const firmwareWord = ({ firmware }: Preview["vm"]): string =>
  firmware.kind === "bios" ? "BIOS" : firmware.secureBoot ? "UEFI+SB" : "UEFI";

/** What the disks are built of, containers first: `LVM md-raid1 LUKS ext4`. */
function storageWords({ nodes }: BlockGraph): readonly string[] {
  const containers: string[] = [];
  const types: string[] = [];
  for (const { holds } of nodes) {
    if (holds.kind === "lvm-pv") containers.push("LVM");
    else if (holds.kind === "luks") containers.push("LUKS");
    else if (holds.kind === "md") containers.push(`md-${holds.level === "" ? "?" : holds.level}`);
    else if (holds.kind === "filesystem") types.push(holds.type);
  }
  return [...new Set([...containers, ...types])];
}

/** That no bootable kernel has; a VM on KVM needs the first four, one on Xen the others. */
function missingDrivers(guest: GuestOS | null): readonly string[] {
  const kernels = guest?.kernels.filter(({ bootable }) => bootable) ?? [];
  if (kernels.length === 0) return [];
  return VM_DRIVERS.filter((driver) => kernels.every(({ has }) => (has[driver] ?? "absent") === "absent"));
}

const CSV_HEAD = [
  "file",
  "name",
  "boots",
  "system",
  "version",
  "arch",
  "kernel",
  "vendor",
  "product",
  "serial",
  "firmware",
  "memory_bytes",
  "vcpus",
  "disks",
  "size_bytes",
  "used_bytes",
  "nics",
  "storage",
  "missing_drivers",
  "files_changed",
  "stops",
  "warnings",
  "problems",
] as const;

export function renderSurveyCsv(rows: readonly SurveyRow[]): string {
  return [CSV_HEAD, ...rows.map(csvCells)].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

function csvCells(row: SurveyRow): readonly string[] {
  if ("error" in row)
    return CSV_HEAD.map((head) =>
      head === "file" ? row.file : head === "boots" ? "unknown" : head === "problems" ? row.error : "",
    );
  const { file, preview, machine } = row;
  const { vm, guest, disks, problems } = preview;
  const count = (severity: Problem["severity"]): string =>
    `${problems.filter((problem) => problem.severity === severity).length}`;
  const sum = (key: "sizeBytes" | "usedBytes"): string =>
    `${disks.reduce((total, disk) => total + disk[key], 0)}`;
  const dmi = valueOf(machine.dmi);
  return [
    file,
    vm.name,
    verdictOf(preview),
    guest?.title ?? "",
    guest?.version ?? "",
    guest?.arch ?? machine.arch,
    (guest?.kernels ?? []).flatMap(({ version, bootable }) => (bootable ? [version] : [])).join(" "),
    dmi?.vendor ?? "",
    dmi?.product ?? "",
    dmi?.serial ?? "",
    firmwareWord(vm),
    `${valueOf(machine.memoryBytes) ?? ""}`,
    `${vm.vcpus}`,
    `${disks.length}`,
    sum("sizeBytes"),
    sum("usedBytes"),
    machine.nics.map(({ name, mac }) => `${name}=${mac}`).join(" "),
    storageWords(preview.intent.storage).join(" "),
    missingDrivers(guest).join(" "),
    preview.changes.map(({ path }) => path).join(" "),
    count("stops"),
    count("warns"),
    problems
      .filter(({ severity }) => severity !== "notes")
      .map(({ code }) => code)
      .join(" "),
  ];
}

const valueOf = <T>(fact: Known<T>): T | null => (fact.kind === "known" ? fact.value : null);

/** Spreadsheets run what begins like a formula; the names in here are a stranger's. */
function csvCell(text: string): string {
  const plain = printable(text, { ascii: false });
  const safe = /^[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
