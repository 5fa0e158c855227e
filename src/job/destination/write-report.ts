// SPDX-License-Identifier: Apache-2.0
// The report beside the images, as data and as a page, with screen and console of the boot check.
import type { Host, Report } from "../../core/index.ts";
import { renderReport } from "../../report/index.ts";

type Where = { readonly host: Host; readonly directory: string };

type Boot = { readonly screenshotPng: Uint8Array | null; readonly console: string };

/** Readable by their owner only: a report tells much about a server. */
export async function writeReport({
  report,
  host,
  directory,
  boot,
}: Where & { report: Report; boot: Boot }): Promise<void> {
  const write = (file: string, bytes: Uint8Array): Promise<void> =>
    host.writeFile(`${directory}/${file}`, bytes, { mode: 0o600 });
  if (boot.screenshotPng !== null) await write("boot.png", boot.screenshotPng);
  await write("console.log", Buffer.from(boot.console));
  await write("report.json", Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  await write("report.html", Buffer.from(renderReport(report, { screenshotPng: boot.screenshotPng })));
}
