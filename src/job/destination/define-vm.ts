// SPDX-License-Identifier: Apache-2.0
// The VM's definitions beside its images, and its entry in the host's hypervisor.
import {
  type Definition,
  type Emit,
  type Host,
  type HostFacts,
  makeProblem,
  type Plan,
  type Problem,
  type VmModel,
} from "../../core/index.ts";
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
import { readDefinition, writeDefinition } from "./definition-file.ts";
import { putKernel, type TakenKernel } from "./xen-kernel.ts";

export type DefineOptions = {
  readonly plan: Pick<Plan, "vm" | "place">;
  readonly host: Host;
  readonly directory: string;
  /** null: nothing is defined, only written. */
  readonly facts: HostFacts | null;
  /** For a Xen host that cannot read the boot disk. */
  readonly kernel: TakenKernel | null;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/**
 * Definitions for every hypervisor, from one model: which one runs it can be decided later. The host's own is made
 * for its networks, checked by its own tool, and defined there; null where the host has none that we define on.
 */
export async function defineVm(options: DefineOptions): Promise<Definition | null> {
  const { plan, host, kernel, directory, emit } = options;
  const { vm } = plan;
  const files = definitionFiles(options);
  if (kernel !== null) await putKernel(host, { kernel, directory, name: vm.name });
  for (const { name, text, mode } of Object.values(files))
    await host.writeFile(`${directory}/${name}`, Buffer.from(text), { mode });
  const left = await putBootEntries(options);
  if (left !== null) emit({ type: "problem", problem: entriesLeft(vm, left) });
  const definition = await defineOnHost(options, files);
  if (definition === null) return null;
  await writeDefinition({ host, directory }, definition);
  emit({ type: "step", phase: "define", text: `${vm.name} is defined on ${host.title}` });
  return definition;
}

type DefinitionFile = { readonly name: string; readonly text: string; readonly mode: number };
type DefinitionFiles = Readonly<Record<"libvirt" | "xen" | "qemu" | "proxmox", DefinitionFile>>;

/** Pure. The hypervisor of the host gets the host's networks; nobody knows those of another one. */
function definitionFiles({
  plan: { vm, place },
  directory,
  kernel,
}: Pick<DefineOptions, "plan" | "directory" | "kernel">): DefinitionFiles {
  const on = place.hypervisor;
  const file = (suffix: string, text: string, mode = 0o600): DefinitionFile => ({
    name: `${vm.name}.${suffix}`,
    text,
    mode,
  });
  return {
    libvirt: file("libvirt.xml", renderLibvirt(vm, { directory, ...(on === "libvirt" ? { place } : {}) })),
    xen: file("xl.cfg", renderXl(vm, { directory, ...(on === "xen" ? { place, kernel } : {}) })),
    qemu: file("qemu.sh", renderQemuScript(vm), 0o700),
    proxmox: file("proxmox.sh", renderProxmox(vm, on === "proxmox" ? { place } : {}), 0o700),
  };
}

/** null: done, or there is nothing to do. A text: why not. */
async function putBootEntries({
  plan: { vm },
  host,
  directory,
}: Pick<DefineOptions, "plan" | "host" | "directory">): Promise<string | null> {
  if (vm.bootEntries === undefined) return null;
  const firmware = await findFirmware(host, vm.firmware);
  const to = `${directory}/${varsFile(vm)}`;
  // A VM that ran keeps its own menu; a new copy of its disks begins with ours.
  const isThere = (await host.kindOf(to)) !== "absent";
  return firmware === null || isThere
    ? null
    : await writeBootEntries(host, { vm, template: firmware.vars, to });
}

/** null: the place is none that we define on, or it cannot be used. */
async function defineOnHost(
  { plan: { vm, place }, host, directory, facts, signal, emit }: DefineOptions,
  files: DefinitionFiles,
): Promise<Definition | null> {
  const call = { host, signal };
  const { autostart } = place;
  if (place.hypervisor === "libvirt" && facts?.libvirt?.usable === true) {
    const { libvirt } = facts;
    // QEMU runs as a user of its own there: it opens the images, whose owner libvirt changes, by their paths.
    await host.run(["chmod", "711", directory], { timeoutMs: 60_000, signal });
    const file = `${directory}/${files.libvirt.name}`;
    const definition = await defineLibvirt(call, { libvirt, vm, file, autostart });
    const left = vm.bootEntries === undefined ? null : await fillLibvirtVars(call, { libvirt, vm });
    if (left !== null) emit({ type: "problem", problem: entriesLeft(vm, left) });
    return definition;
  }
  if (place.hypervisor === "xen" && facts?.xen?.usable === true) {
    const { name, text } = files.xen;
    const file = `${directory}/${name}`;
    const before = await readDefinition({ host, directory });
    return await defineXen(call, { xen: facts.xen, vm, file, text, autostart, before });
  }
  return null;
}

function entriesLeft({ name }: VmModel, why: string): Problem {
  return makeProblem("boot-entries-left", {
    about: [],
    text: `The old firmware's boot menu is not in the VM's: ${why}`,
    advice: `${name} starts by the loader at EFI/BOOT; efibootmgr makes entries in the VM`,
  });
}
