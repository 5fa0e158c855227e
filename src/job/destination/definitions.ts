// SPDX-License-Identifier: Apache-2.0
// What a migrated VM's directory holds besides its images, and the VM's entry in the host's hypervisor.
import * as z from "zod";
import {
  type Definition,
  type Emit,
  type Host,
  type HostFacts,
  isVmName,
  makeProblem,
  type Plan,
  type Problem,
  type Report,
  type VmModel,
} from "../../core/index.ts";
import { renderReport } from "../../report/index.ts";
import {
  defineLibvirt,
  defineXen,
  fillLibvirtVars,
  findFirmware,
  renderLibvirt,
  renderProxmox,
  renderQemuScript,
  renderXl,
  varsFile,
  writeBootEntries,
} from "../../vm/index.ts";

import { putKernel, type TakenKernel } from "./xen-kernel.ts";

type Where = { readonly host: Host; readonly directory: string };

export type DefineOptions = Where & {
  readonly plan: Pick<Plan, "vm" | "place">;
  /** null: nothing is defined, only written. */
  readonly facts: HostFacts | null;
  /** For a Xen host that cannot read the boot disk. */
  readonly kernel: TakenKernel | null;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

const DEFINITION = "definition.json";

/**
 * Definitions for every hypervisor, from one model: which one runs it can be decided later. The host's own is made
 * for its networks, checked by its own tool, and defined there; null where the host has none that we define on.
 */
export async function defineVm({
  plan,
  host,
  facts,
  kernel,
  directory,
  signal,
  emit,
}: DefineOptions): Promise<Definition | null> {
  const { vm, place } = plan;
  const path = (suffix: string): string => `${directory}/${vm.name}.${suffix}`;
  const write = (suffix: string, text: string, mode: number): Promise<void> =>
    host.writeFile(path(suffix), Buffer.from(text), { mode });
  const on = place.hypervisor;
  const xl = renderXl(vm, { directory, ...(on === "xen" ? { place, kernel } : {}) });
  if (kernel !== null) await putKernel(host, { kernel, directory, name: vm.name });
  await write("libvirt.xml", renderLibvirt(vm, { directory, ...(on === "libvirt" ? { place } : {}) }), 0o600);
  await write("xl.cfg", xl, 0o600);
  await write("qemu.sh", renderQemuScript(vm), 0o700);
  await write("proxmox.sh", renderProxmox(vm, on === "proxmox" ? { place } : {}), 0o700);
  const before = await readDefinition({ host, directory });
  const call = { host, signal };
  const left = (why: string): void => emit({ type: "problem", problem: entriesLeft(vm, why) });
  if (vm.bootEntries !== undefined) {
    const found = await findFirmware(host, vm.firmware);
    const to = `${directory}/${varsFile(vm)}`;
    // A VM that ran keeps its own menu; a new copy of its disks begins with ours.
    const isThere = (await host.kindOf(to)) !== "absent";
    const why =
      found === null || isThere ? null : await writeBootEntries(host, { vm, template: found.vars, to });
    if (why !== null) left(why);
  }
  let definition: Definition | null = null;
  if (on === "libvirt" && facts?.libvirt?.usable === true) {
    // QEMU runs as a user of its own there: it opens the images, whose owner libvirt changes, by their paths.
    await host.run(["chmod", "711", directory], { timeoutMs: 60_000, signal });
    definition = await defineLibvirt(call, {
      libvirt: facts.libvirt,
      vm,
      file: path("libvirt.xml"),
      autostart: place.autostart,
    });
    const { libvirt } = facts;
    const why = vm.bootEntries === undefined ? null : await fillLibvirtVars(call, { libvirt, vm });
    if (why !== null) left(why);
  } else if (on === "xen" && facts?.xen?.usable === true)
    definition = await defineXen(call, {
      xen: facts.xen,
      vm,
      file: path("xl.cfg"),
      text: xl,
      autostart: place.autostart,
      before,
    });
  if (definition === null) return null;
  await host.writeFile(
    `${directory}/${DEFINITION}`,
    Buffer.from(`${JSON.stringify(definition, null, 2)}\n`),
    {
      mode: 0o600,
    },
  );
  emit({ type: "step", phase: "define", text: `${vm.name} is defined on ${host.title}` });
  return definition;
}

function entriesLeft({ name }: VmModel, why: string): Problem {
  return makeProblem("boot-entries-left", {
    about: [],
    text: `The old firmware's boot menu is not in the VM's: ${why}`,
    advice: `${name} starts by the loader at EFI/BOOT; efibootmgr makes entries in the VM`,
  });
}

const SCHEMA = z.object({
  format: z.literal("definition/1"),
  hypervisor: z.enum(["libvirt", "xen"]),
  uri: z.string().max(1000).nullable(),
  name: z.string().refine(isVmName),
  uuid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  // Nothing else is ever made outside the VM's directory, and nothing else is ever removed.
  files: z
    .array(
      z.object({ path: z.string().regex(/^\/etc\/xen\/[^/\n]{1,80}\.cfg$/), sha256: z.string().length(64) }),
    )
    .max(4),
  links: z
    .array(
      z.object({
        path: z.string().regex(/^\/etc\/xen\/auto\/[^/\n]{1,80}\.cfg$/),
        target: z.string().regex(/^\/etc\/xen\/[^/\n]{1,80}\.cfg$/),
      }),
    )
    .max(4),
});

/** What an earlier run defined; null where there is none, or it cannot be read. */
export async function readDefinition({ host, directory }: Where): Promise<Definition | null> {
  const bytes = await host.readFile(`${directory}/${DEFINITION}`, { maxBytes: 65_536 }).catch(() => null);
  if (bytes === null) return null;
  try {
    return SCHEMA.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
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
