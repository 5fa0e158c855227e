// SPDX-License-Identifier: Apache-2.0
// The sections of the page, each a function of the Report.
import {
  counted,
  type FileState,
  formatBytes,
  formatSeconds,
  type KeptChanges,
  type Known,
  PHASES,
  type Report,
  type ShownChange,
  groupChanges,
} from "../core/index.ts";
import { html, type Markup } from "./markup.ts";
import { comparedText } from "./verdict.ts";

const show = <T>(fact: Known<T>, render: (value: T) => string): string =>
  fact.kind === "known" ? render(fact.value) : `unknown (${fact.why})`;

function rows(pairs: readonly (readonly [string, string])[]): Markup {
  return html`<table>${pairs.map(([head, text]) => html`<tr><th>${head}</th><td>${text}</td></tr>`)}</table>`;
}

export function machineSection({ machine, guest, vm, intent }: Report): Markup {
  const firmware = show(machine.firmware, (value) =>
    value.kind === "bios" ? "BIOS" : `UEFI, Secure Boot ${value.secureBoot ? "on" : "off"}`,
  );
  const cpu = show(machine.cpu, (value) =>
    [
      show(value.model, String),
      `${show(value.sockets, String)} sockets`,
      `${show(value.cores, String)} cores`,
      `${show(value.threads, String)} threads`,
    ].join(", "),
  );
  const dmi = show(
    machine.dmi,
    (value) => [value.vendor, value.product].filter((one) => one !== null).join(" ") || "not told",
  );
  const serial = show(machine.dmi, (value) => value.serial ?? "not told");
  return html`<h2>Hardware sheet</h2>${rows([
    ["Machine", dmi],
    ["Serial number", serial],
    ["Firmware", `${firmware}; the VM has ${vm.firmware.kind === "bios" ? "BIOS" : "UEFI"}`],
    ["Processor", `${cpu}; the VM has ${vm.vcpus} virtual CPUs`],
    ["Memory", `${show(machine.memoryBytes, formatBytes)}; the VM has ${formatBytes(vm.memoryBytes)}`],
    [
      "Hardware clock",
      `${show(machine.clock, (value) => (value === "utc" ? "UTC" : "local time"))}; the VM keeps ${vm.clock === "utc" ? "UTC" : "local time"}`,
    ],
    ["Installed system", guest === null ? "not recognized" : `${guest.title} (${guest.arch})`],
    [
      "Kernels",
      guest?.kernels
        .map((kernel) => `${kernel.version}${kernel.bootable ? "" : " (not in a boot menu)"}`)
        .join(", ") ?? "unknown",
    ],
  ])}
  ${diskTable(machine.storage)}
  ${controllerTable(machine)}
  ${nicTable({ machine, intent })}`;
}

/** What the old machine's drivers were for; the VM has virtio instead. */
function controllerTable({ controllers }: Pick<Report["machine"], "controllers">): Markup {
  if (controllers.length === 0) return html``;
  return html`<table><tr><th>Controller</th><th>PCI address</th><th>PCI id</th><th>Driver</th></tr>${controllers.map(
    ({ kind, address, id, driver }) =>
      html`<tr><td>${kind}</td><td><code>${address}</code></td><td><code>${id}</code></td><td>${driver ?? "none"}</td></tr>`,
  )}</table>`;
}

/** Serial numbers are how a person finds the disk in the rack. */
function diskTable({ nodes }: Report["machine"]["storage"]): Markup {
  const disks = nodes.flatMap((node) => (node.holds.kind === "disk" ? [{ ...node, holds: node.holds }] : []));
  return html`<table><tr><th>Disk</th><th>Model</th><th>Serial number</th><th class="number">Size</th><th>Table</th></tr>${disks.map(
    ({ path, sizeBytes, holds }) =>
      html`<tr><td><code>${path}</code></td><td>${holds.model === "" ? "not told" : holds.model}</td><td>${holds.serial ?? "not told"}</td><td class="number">${formatBytes(sizeBytes)}</td><td>${holds.table}</td></tr>`,
  )}</table>`;
}

function nicTable({ machine, intent }: Pick<Report, "machine" | "intent">): Markup {
  if (intent.nics.length === 0) return html`<p>No network card was found or named.</p>`;
  const driver = (mac: string): string => machine.nics.find((nic) => nic.mac === mac)?.driver ?? "unknown";
  return html`<table><tr><th>Network card</th><th>MAC address</th><th>Old driver</th><th>In the VM</th></tr>${intent.nics.map(
    (nic) =>
      html`<tr><td><code>${nic.name}</code></td><td><code>${nic.mac}</code>${nic.origin === "generated" ? " (generated)" : ""}</td><td>${driver(nic.mac)}</td><td>same name, same address; connect it to the network of your choice</td></tr>`,
  )}</table>`;
}

export function diskSection({ disks }: Report): Markup {
  return html`<h2>What was sent</h2><table>
  <tr><th>Disk</th><th class="number">Size</th><th class="number">Used</th><th class="number">Sent</th><th class="number">Occupies</th><th>Share</th></tr>
  ${disks.map(
    (disk) =>
      html`<tr><td><code>${disk.path}</code><br><span class="soft">${disk.file}</span></td><td class="number">${formatBytes(disk.sizeBytes)}</td><td class="number">${formatBytes(disk.usedBytes)}</td><td class="number">${formatBytes(disk.sentBytes)}</td><td class="number">${formatBytes(disk.occupiedBytes)}</td><td><div class="bar"><i style="width:${disk.sizeBytes === 0 ? 0 : Math.round((disk.usedBytes / disk.sizeBytes) * 100)}%"></i></div></td></tr>`,
  )}</table>
  <p class="soft">Unused blocks were not read. Every segment was sent, written, flushed, read back from the ${disks.every((disk) => disk.readBack === "direct") ? "device (past the cache)" : "file system"} and compared by SHA-256${disks.some(({ receiver }) => receiver === "shell") ? ", by the host's shell, where our agent could not run" : ""}.</p>`;
}

function diffLines(diff: string): Markup {
  const kind = (line: string): string => (line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "");
  return html`<pre>${diff
    .trimEnd()
    .split("\n")
    .map((line) => html`<span class="${kind(line)}">${line === "" ? " " : line}</span>`)}</pre>`;
}

function changeBody(change: ShownChange): Markup {
  if (change.diff !== null && change.diff !== "") return diffLines(change.diff);
  const size = change.after.kind === "bytes" ? `${formatBytes(change.after.sizeBytes)}, not text. ` : "";
  return html`<p class="soft">${size}${change.after.kind === "absent" ? "Removed." : change.before.kind === "absent" ? "New." : "Replaced."}</p>`;
}

export function changeSection({ changes, kept = null }: Report): Markup {
  if (changes.length === 0) return html`<h2>Changes in the guest</h2><p>None.</p>`;
  return html`<h2>Changes in the guest</h2><p>All other files are those of the source, byte for byte.</p>${wayBack(kept)}${groupChanges(
    changes,
  ).map((group) =>
    group.kind === "many"
      ? html`<details><summary>${counted(group.count, "file")} <span class="soft">${group.why}</span></summary><ul>${[...group.places].map(([place, count]) => html`<li><code>${place}</code>: ${count}</li>`)}</ul></details>`
      : html`<details><summary><code>${group.change.path}</code> <span class="soft">${group.change.why}</span></summary>${changeBody(group.change)}${keptFiles(group.change, kept)}</details>`,
  )}`;
}

function wayBack(kept: KeptChanges | null): Markup {
  if (kept === null) return html``;
  return html`<p class="soft">Each is kept beside this report, before and after (${counted(kept.files, "file")}, ${formatBytes(kept.sizeBytes)}): <code>virt-p2v convert --undo ${kept.directory}</code> puts those of before back into the images.</p>`;
}

function keptFiles({ before, after }: ShownChange, kept: KeptChanges | null): Markup {
  if (kept === null) return html``;
  const link = (state: FileState, title: string): Markup =>
    state.kind === "bytes" ? html` <a href="${kept.directory}/files/${state.sha256}">${title}</a>` : html``;
  return html`<p class="soft">${link(before, "before")}${link(after, "after")}</p>`;
}

const someOf = (paths: readonly string[]): string =>
  paths.length <= 20 ? paths.join(", ") : `${paths.slice(0, 5).join(", ")} and ${paths.length - 5} more`;

export function hardwareSection({ changes, problems }: Report): Markup {
  const steps = Map.groupBy(changes, (change) => change.step);
  const notes = problems.filter((problem) => problem.severity === "notes");
  if (steps.size === 0 && notes.length === 0) return html``;
  return html`<h2>What depended on the hardware</h2><ul>${[...steps].map(
    ([, list]) =>
      html`<li>${list[0]?.why ?? ""} <span class="soft">(${someOf(list.map((change) => change.path))})</span></li>`,
  )}${notes.map((note) => html`<li>${String(note.text)} <span class="soft">${String(note.advice)}</span></li>`)}</ul>`;
}

export function problemSection({ problems, waitingUnits }: Report): Markup {
  const loud = problems.filter((problem) => problem.severity !== "notes");
  if (loud.length === 0 && waitingUnits.length === 0) return html``;
  return html`<h2>Warnings</h2>${loud.map(
    (problem) =>
      html`<div class="problem ${problem.severity === "stops" ? "bad" : "attention"}"><b>${String(problem.text)}</b><br>${String(problem.advice)} <code>${problem.code}</code></div>`,
  )}${
    waitingUnits.length === 0
      ? null
      : html`<p>These units failed in the boot check for want of another machine, which the isolated network does not have: ${waitingUnits.join(", ")}.</p>`
  }`;
}

export function timeSection({ seconds, begun, ended, cutover = null }: Report): Markup {
  const total = (Date.parse(ended) - Date.parse(begun)) / 1000;
  return html`<h2>Time</h2><table>${PHASES.flatMap((phase) => {
    const value = seconds[phase];
    return value === undefined
      ? []
      : [html`<tr><th>${phase}</th><td class="number">${formatSeconds(value)}</td></tr>`];
  })}<tr><th>all</th><td class="number"><b>${formatSeconds(total)}</b></td></tr></table>
  <p class="soft">From ${begun} to ${ended}. ${
    cutover === null
      ? "A cold migration: the machine's services were down for all of this time, and until the VM starts."
      : `The server worked until it was replaced by the live system: ${formatSeconds(cutover.downtimeSeconds)} from its shutdown until the VM was seen ${cutover.until === "start" ? "to run" : "in the boot check"}.`
  }</p>`;
}

export function proofSection({ proof, disks, compared = null }: Report): Markup {
  return html`<h2>Proof</h2><p>Level <b>${proof.level}</b>, between ${proof.from} and ${proof.to}: ${proof.held ? "the source is unchanged as far as this level compares." : "THE SOURCE CHANGED."}</p>
  <ul>${proof.disks.map((disk) => html`<li><code>${disk.path}</code>: ${disk.detail}</li>`)}</ul>${compared === null ? "" : html`<p>Image and source: ${comparedText(compared)}.</p>`}${
    compared === null || compared.differing.length === 0
      ? ""
      : html`<ul>${compared.differing.map(({ disk, start, end }) => html`<li>disk ${disk}: ${start} to ${end}</li>`)}</ul>`
  }
  <table><tr><th>Image</th><th>Root hash (SHA-256 over the segments' SHA-256)</th></tr>${disks.map(
    (disk) => html`<tr><td><code>${disk.file}</code></td><td><code>${disk.sha256}</code></td></tr>`,
  )}</table><p class="soft">Check the images again at any time: virt-p2v verify DIR</p>`;
}
