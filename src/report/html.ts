// SPDX-License-Identifier: Apache-2.0
// The page: verdict and next steps first, then the way back, then the rest for whoever wants to know.
import { formatBytes, formatSeconds, type Report } from "../core/index.ts";
import { chainSection } from "./chain.ts";
import { html, Markup } from "./markup.ts";
import {
  changeSection,
  diskSection,
  hardwareSection,
  machineSection,
  problemSection,
  proofSection,
  timeSection,
} from "./sections.ts";
import { STYLE } from "./style.ts";
import { nextSteps, verdictOf, WAY_BACK } from "./verdict.ts";

/** One self-contained page; the pictures are inside it. */
export function renderReport(
  report: Report,
  { screenshotPng }: { screenshotPng: Uint8Array | null },
): string {
  const verdict = verdictOf(report.outcome);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${report.name}: ${verdict.title}</title><style>${new Markup(STYLE)}</style></head><body><main>
<h1>virt-p2v report: ${report.name}</h1>
<div class="verdict ${verdict.tone}"><strong>${verdict.title}</strong>${verdict.detail}</div>
${figures(report)}
<h2>What to do next</h2><ol class="steps">${nextSteps(report).map((step) => html`<li>${step}</li>`)}</ol>
<h2>The way back</h2><ul>${WAY_BACK.map((step) => html`<li>${step}</li>`)}</ul>
${problemSection(report)}
${bootSection(report, screenshotPng)}
${chainSection(report)}
${machineSection(report)}
${diskSection(report)}
${changeSection(report)}
${hardwareSection(report)}
${timeSection(report)}
${proofSection(report)}
<p class="soft">virt-p2v ${report.version}. The same data for programs: report.json.</p>
</main></body></html>
`;
  return page.text;
}

function figures(report: Report): Markup {
  const sum = (pick: (disk: Report["disks"][number]) => number): number =>
    report.disks.reduce((all, disk) => all + pick(disk), 0);
  const seconds = (Date.parse(report.ended) - Date.parse(report.begun)) / 1000;
  const pairs = [
    [
      formatBytes(sum((disk) => disk.sizeBytes)),
      report.disks.length === 1 ? "disk" : `${report.disks.length} disks`,
    ],
    [formatBytes(sum((disk) => disk.usedBytes)), "of it used and copied"],
    [
      formatBytes(sum((disk) => disk.sentBytes)),
      // To a directory of the same machine nothing is packed.
      sum((disk) => disk.sentBytes) < sum((disk) => disk.usedBytes) ? "sent, compressed" : "sent",
    ],
    [`${report.changes.length}`, "changes in the guest"],
    ...downtime(report),
    [formatSeconds(seconds), "in all"],
    [report.proof.held ? "unchanged" : "CHANGED", `source (proof: ${report.proof.level})`],
  ] as const;
  return html`<div class="figures">${pairs.map(([figure, what]) => html`<div><b>${figure}</b><span>${what}</span></div>`)}</div>`;
}

const downtime = ({ cutover = null }: Report): readonly (readonly [string, string])[] =>
  cutover === null ? [] : [[formatSeconds(cutover.downtimeSeconds), "downtime"]];

function bootSection({ outcome }: Report, screenshotPng: Uint8Array | null): Markup {
  const picture =
    screenshotPng === null
      ? null
      : html`<p><img alt="Screen of the VM in the boot check" src="data:image/png;base64,${Buffer.from(screenshotPng).toString("base64")}"></p>`;
  const lines =
    outcome.kind === "not-booted" && outcome.lastLines.length > 0
      ? html`<pre>${outcome.lastLines.join("\n")}</pre>`
      : null;
  if (picture === null && lines === null) return html``;
  return html`<h2>Boot check</h2><p class="soft">The VM was started once on a throw-away overlay of the image, on an isolated network. The image itself was not written.</p>${lines}${picture}`;
}
