// SPDX-License-Identifier: Apache-2.0
// The manual's page of codes in mdoc(7), from the table of problems: no code is without a line.
import { EXIT_CODES, type ErrorArea, problemEntries, type ProblemKind } from "../../core/index.ts";
import { escape } from "./man.ts";

/** Areas that have codes of their own, and whose side that is. */
const AREAS: Readonly<Partial<Record<ErrorArea, string>>> = {
  usage: "What was asked for",
  source: "The source: disks, what lies on them, the overlay above them",
  host: "The host, the way to it, and programs of this computer",
  destination: "The place where the VM goes",
  conversion: "The installed system, and what is changed in it",
  verification: "Images that are compared with what was sent",
  interrupted: "The run",
};

const SEVERITIES: Readonly<Record<ProblemKind["severity"], string>> = {
  stops: "",
  warns: " A warning.",
  notes: " A note.",
};

const described = ({ means, severity, heals }: ProblemKind): string =>
  `${means}${SEVERITIES[severity]}${heals ? " Tried again." : ""}`;

export function renderCodesPage(version: string): string {
  const out: string[] = [
    '.\\" Made by scripts/man.ts from src/core/problems; do not edit.',
    ".Dd $Mdocdate$",
    ".Dt VIRT-P2V-CODES 7",
    ".Os virt-p2v",
    ".Sh NAME",
    ".Nm virt-p2v-codes",
    ".Nd codes of problems and errors of virt-p2v",
    ".Sh DESCRIPTION",
    "Every problem in a plan or report has a",
    ".Li code",
    "that does not change with its words.",
    "An error ends with its code in brackets; with",
    ".Fl \\-json",
    "it is also the last line.",
    "Scripts should compare codes, and read what a problem is about in",
    ".Li about ,",
    "never in",
    ".Li text",
    "or",
    ".Li advice .",
    ".Pp",
    "A code stops the run, unless it says that it is a warning or a note.",
    "A kernel that lacks drivers, for example, only warns where another one can be chosen; the field",
    ".Li severity",
    "has what holds in the case at hand.",
    "What is tried again may be gone in a minute: a copy goes on by itself for the time of",
    ".Fl \\-retry\\-for ,",
    "and an unattended live CD begins anew.",
  ];
  for (const [area, title] of Object.entries(AREAS) as [ErrorArea, string][]) {
    const kinds = problemEntries()
      .filter(([, kind]) => kind.area === area)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    out.push(`.Sh ${area.toUpperCase()}`, `${title}.`, `Exit status ${EXIT_CODES[area]}.`);
    out.push(".Bl -tag -width Ds");
    for (const [code, kind] of kinds) out.push(`.It ${escape(code)}`, escape(described(kind)));
    out.push(".El");
  }
  out.push(".Sh SEE ALSO", ".Xr virt-p2v 1", ".Sh VERSION", escape(version));
  return `${out.join("\n")}\n`;
}
