// SPDX-License-Identifier: Apache-2.0
// The manual page in mdoc(7), from the table: page and flags cannot differ.
import { COMMANDS, EXIT_CODE_MEANINGS } from "./commands/index.ts";
import { positionalName } from "./help.ts";
import { SETTINGS } from "./table.ts";

/** A leading dot or quote is a request to the formatter, a backslash an escape. */
export function escape(text: string): string {
  const safe = text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

const FILES: readonly (readonly [string, string])[] = [
  ["NAME-1.img, NAME-2.img ...", "The disks in their order, sparse; NAME-1.qcow2 ... with --format qcow2."],
  ["NAME-1.hashes ...", "The SHA-256 of each segment of the image, 32 bytes each."],
  ["manifest.json", "Size, segment size and root hash of each image."],
  ["NAME.libvirt.xml", "Domain for virsh define."],
  ["NAME.xl.cfg", "Domain for xl create."],
  ["NAME.qemu.sh", "Starts the VM in QEMU."],
  ["NAME.proxmox.sh", "Imports the VM into Proxmox VE."],
  ["report.json, report.html", "All that was found, changed, sent and seen; HTML is made from JSON."],
  ["conversion/", "Each changed file before and after, with a record: what convert --undo reads."],
  ["boot.png, console.log", "Screen and serial console of the boot check."],
  ["*.partial", "Left by an interrupted run; the same command goes on from it."],
];

/** The way from a clone to a migrated server; doc/live-cd.md has it with pictures. */
const LIVE_CD: readonly (readonly [string, string])[] = [
  [
    "Make the medium",
    "npm run iso in a clone, or virt-p2v iso build as root on Debian; cp virt-p2v.iso /dev/sdX makes a stick, and all on it is lost. The same image is a CD, a DVD and virtual medium, for BIOS, UEFI and Secure Boot. virt-p2v iso attach brings it up to date, virt-p2v iso pxe serves it over the network.",
  ],
  [
    "Boot",
    "The menu, on screen and first serial line, begins after five seconds. It needs 1 GiB of memory; with 2 GiB the medium is copied to memory and may then be taken out (p2v.toram=yes, no or auto; Enter skips it). Every disk is read-only in the kernel before anything looks at it. Enter on a console starts the wizard, or takes it over from another one; shell and Enter is a root shell, as is tty2.",
  ],
  [
    "Answer",
    "Tab and arrows move, Enter takes, Esc goes back, F1 helps. The pages: welcome, network, host, its key, login, disks, VM; then the plan with every change as a diff, the last question, progress, and the verdict. Or let it answer itself: p2v.unattended and the settings as p2v.NAME=VALUE on the kernel command line, or an answer file; see virt-p2v live.",
  ],
];

export function renderManPage(version: string): string {
  const out: string[] = [
    '.\\" Made by scripts/man.ts from src/ui/settings; do not edit.',
    ".Dd $Mdocdate$",
    ".Dt VIRT-P2V 1",
    ".Os virt-p2v",
    ".Sh NAME",
    ".Nm virt-p2v",
    ".Nd turn a physical machine into a virtual one",
    ".Sh SYNOPSIS",
    ".Nm",
    ".Ar COMMAND",
    ".Op Ar OPTION ...",
    ".Sh DESCRIPTION",
    "Finds the disks of a physical machine, works out what must change so that the installed system boots as a virtual machine, copies the used blocks with every byte verified, defines the VM for libvirt, Xen and QEMU, and starts it once to see that it boots with its network.",
    "The disks of the source are never written: all changes go to an overlay.",
  ];
  for (const command of COMMANDS) {
    out.push(
      `.Ss virt-p2v ${command.name}${command.positional === null ? "" : ` ${positionalName(command.positional)}`}`,
    );
    for (const paragraph of command.description) out.push(escape(paragraph), ".Pp");
    if (command.required.length > 0)
      out.push(`Needs ${command.required.map((name) => `\\-\\-${escape(name)}`).join(" and ")}.`, ".Pp");
    out.push(
      `Options: ${command.settings.map((name) => `\\-\\-${escape(name)}`).join(", ")}.`,
      ".Pp",
      "Examples:",
    );
    for (const [line, what] of command.examples) out.push(".Pp", `${escape(what)}:`, ".Dl " + escape(line));
  }
  out.push(".Sh THE LIVE CD", ".Bl -tag -width Ds");
  for (const [what, text] of LIVE_CD) out.push(`.It ${escape(what)}`, escape(text));
  out.push(".El", ".Sh OPTIONS", ".Bl -tag -width Ds");
  for (const [name, { value, help, repeated }] of Object.entries(SETTINGS)) {
    const argument = value === null ? "" : ` ${escape(value)}`;
    out.push(`.It \\-\\-${escape(name)}${argument}${repeated ? " ..." : ""}`, escape(help));
  }
  out.push(".El", ".Sh FILES", "Below PATH/NAME of the destination:", ".Bl -tag -width Ds");
  for (const [file, what] of FILES) out.push(`.It ${escape(file)}`, escape(what));
  out.push(".El", ".Sh EXIT STATUS", ".Bl -tag -width Ds");
  for (const [code, meaning] of EXIT_CODE_MEANINGS) out.push(`.It ${code}`, escape(meaning));
  out.push(".El", ".Sh SEE ALSO", ".Xr virt-p2v-codes 7", `.Sh VERSION`, escape(version));
  return `${out.join("\n")}\n`;
}
