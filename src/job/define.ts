// SPDX-License-Identifier: Apache-2.0
// What a migrated VM's directory holds besides its images.
import type { Host, Plan, Report } from "../core/index.ts";
import { renderReport } from "../report/index.ts";
import { renderLibvirt, renderQemuScript, renderXl } from "../target/index.ts";

type Where = { readonly host: Host; readonly directory: string };

/** Definitions for every hypervisor, from one model: which one runs it can be decided later. */
export async function defineVm({ plan, host, directory }: Where & { plan: Plan }): Promise<void> {
  const { vm } = plan;
  const write = (suffix: string, text: string, mode: number): Promise<void> =>
    host.writeFile(`${directory}/${vm.name}.${suffix}`, Buffer.from(text), { mode });
  await write("libvirt.xml", renderLibvirt(vm, { directory }), 0o600);
  await write("xl.cfg", renderXl(vm, { directory }), 0o600);
  await write("qemu.sh", renderQemuScript(vm), 0o700);
}

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
