// SPDX-License-Identifier: Apache-2.0
// Takes a migrated VM away from its host again: exactly what was made there, nothing else.
import {
  type Definition,
  type Destination,
  errorOf,
  type Host,
  type HostFacts,
  isVmName,
  namesIn,
  UserError,
} from "../core/index.ts";
import { discoverHost } from "../hosts/index.ts";
import { libvirtState, undefineLibvirt, undefineXen, xenState } from "../vm/index.ts";
import { ownFiles } from "./copy.ts";
import { readDefinition } from "./destination/definition-file.ts";
import { connectHost, vmDirectory } from "./destination/destination.ts";

export type Undoing = {
  readonly name: string;
  readonly title: string;
  readonly directory: string;
  readonly definition: Definition | null;
  /** Names in the directory that go, and those that are not ours and stay. */
  readonly files: readonly string[];
  readonly foreign: readonly string[];
};

export type UndefineOptions = {
  readonly destination: Destination;
  readonly name: string;
  readonly sshConfig: string | null;
  /** Shows what would go; false ends it before anything is done. */
  readonly confirm: (undoing: Undoing) => Promise<boolean>;
  readonly signal: AbortSignal;
};

/** null: the user said no. Otherwise what was left in place, with absolute paths. */
export async function undefineVm(options: UndefineOptions): Promise<readonly string[] | null> {
  const { destination, name, sshConfig, signal } = options;
  if (!isVmName(name))
    throw new UserError("name-wrong", `"${name}" is not a name of a VM`, {
      advice: "Give the name that the migration gave it",
    });
  await using host = await connectHost(destination, { sshConfig, signal });
  const undoing = await look(host, destination, name);
  const facts = await discoverHost(host, { signal });
  await refuseRunning({ host, facts, undoing, signal });
  if (!(await options.confirm(undoing))) return null;
  const kept = await undefine({ host, facts, undoing, signal });
  for (const file of undoing.files) await host.remove(`${undoing.directory}/${file}`);
  if (undoing.foreign.length > 0)
    return [...kept, ...undoing.foreign.map((file) => `${undoing.directory}/${file}`)];
  await host.run(["rmdir", undoing.directory], { timeoutMs: 60_000, signal });
  return kept;
}

async function look(host: Host, destination: Destination, name: string): Promise<Undoing> {
  const directory = vmDirectory(destination, name);
  const all = (await host.kindOf(directory)) === "directory" ? await host.list(directory) : [];
  if (!all.includes("manifest.json") && !all.some((file) => file.endsWith(".partial")))
    throw new UserError("destination-missing", `${directory} on ${host.title} holds no VM of ours`, {
      advice: "Give the directory of the migration with --to, and the name that it gave the VM",
    });
  const files = ownFiles(name, all);
  const foreign = all.filter((file) => !files.includes(file));
  const definition = await readDefinition({ host, directory });
  if (definition !== null && definition.name !== name)
    throw new UserError("destination-wrong", `${directory} on ${host.title} belongs to ${definition.name}`, {
      advice: "Give that name",
    });
  return { name, title: host.title, directory, definition, files, foreign };
}

type Act = {
  readonly host: Host;
  readonly facts: HostFacts;
  readonly undoing: Undoing;
  readonly signal: AbortSignal;
};

async function refuseRunning({ host, facts, undoing, signal }: Act): Promise<void> {
  const { definition, name } = undoing;
  if (definition === null) return;
  const state = await stateOf({ host, facts, undoing, signal });
  if (state !== "running") return;
  throw new UserError("destination-in-use", `${name} runs on ${host.title}`, {
    advice: "Shut it down there, and run the same command again",
  });
}

async function stateOf({ host, facts, undoing, signal }: Act): Promise<"running" | "off" | "absent"> {
  const { definition, name } = undoing;
  if (definition === null) return "absent";
  const call = { host, signal };
  const { libvirt, xen } = facts;
  if (definition.hypervisor === "libvirt" && libvirt?.usable === true)
    return await libvirtState(call, { libvirt, uuid: definition.uuid });
  if (definition.hypervisor === "xen" && xen?.usable === true) return await xenState(call, { xen, name });
  throw notAsked(facts, { name, hypervisor: definition.hypervisor });
}

/** Why its own hypervisor cannot be asked; what ails another one of that host is not the reason. Pure. */
export function notAsked(
  { problems, title }: Pick<HostFacts, "problems" | "title">,
  { name, hypervisor }: Pick<Definition, "name" | "hypervisor">,
): UserError {
  const why = problems.find((problem) => namesIn(problem, "hypervisor").includes(hypervisor));
  if (why !== undefined) return errorOf(why);
  return new UserError(
    "host-hypervisor-missing",
    `${title} has no ${hypervisor}, by which ${name} was defined`,
    { advice: "Look there; nothing was removed" },
  );
}

async function undefine(act: Act): Promise<readonly string[]> {
  const { host, facts, undoing, signal } = act;
  const { definition } = undoing;
  if (definition === null) return [];
  const call = { host, signal };
  if (definition.hypervisor === "xen" && facts.xen !== null)
    return await undefineXen(call, { xen: facts.xen, definition });
  if (facts.libvirt !== null && (await stateOf(act)) !== "absent")
    await undefineLibvirt(call, { libvirt: facts.libvirt, ...definition });
  return [];
}
