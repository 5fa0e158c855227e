// SPDX-License-Identifier: Apache-2.0
// A VM under libvirt on a host: defined, started, and taken away again. Its images are nobody's business here.
import { type Definition, type LibvirtFacts, UserError, type VmModel } from "../../core/index.ts";
import { type FirmwareFiles, firmwareCandidates } from "./firmware.ts";
import { writeBootEntries } from "../nvram/boot-entries.ts";
import { actOn, type Call, complaint, tryOn, virshArgv } from "../host-command.ts";

type Libvirt = Pick<LibvirtFacts, "prefix" | "uri">;

/** `file`: the domain, on the host. Defining again changes the VM of the same name and UUID. */
export async function defineLibvirt(
  call: Call,
  { libvirt, vm, file, autostart }: { libvirt: Libvirt; vm: VmModel; file: string; autostart: boolean },
): Promise<Definition> {
  await actOn(call, virshArgv(libvirt, ["define", "--validate", file]), {
    what: `define ${vm.name}`,
    advice: `Look at it there: virsh -c ${libvirt.uri} define ${file}`,
  });
  if (autostart)
    await actOn(call, virshArgv(libvirt, ["autostart", vm.uuid]), {
      what: `have ${vm.name} started with the host`,
      advice: `Try there: virsh -c ${libvirt.uri} autostart ${vm.name}`,
    });
  const { name, uuid } = vm;
  return {
    format: "definition/1",
    hypervisor: "libvirt",
    uri: libvirt.uri,
    name,
    uuid,
    files: [],
    links: [],
  };
}

/**
 * The old boot menu in the store of variables that libvirt chose, before the VM runs for the first time: then libvirt
 * takes what is there. null: done, or the VM has one already. A text: why not.
 */
export async function fillLibvirtVars(
  call: Call,
  { libvirt, vm }: { libvirt: Libvirt; vm: VmModel },
): Promise<string | null> {
  const store = await findStore(call, { libvirt, vm });
  if (store === null) return "this libvirt does not tell which firmware it will take";
  if ((await call.host.kindOf(store.path)) !== "absent") return null;
  try {
    return await writeBootEntries(call.host, { vm, template: store.template, to: store.path });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

type Store = { readonly template: string; readonly path: string };

/** Newer libvirt chooses when the VM is defined; older when it starts, and tells before how it would start it. */
async function findStore(
  call: Call,
  { libvirt, vm }: { libvirt: Libvirt; vm: VmModel },
): Promise<Store | null> {
  const xml = await tryOn(call, virshArgv(libvirt, ["dumpxml", "--inactive", vm.uuid]));
  const chosen = xml.code === 0 ? parseNvram(xml.stdout) : null;
  if (chosen !== null) return chosen;
  const words = ["domxml-to-native", "qemu-argv", "--domain", vm.uuid];
  const argv = await tryOn(call, virshArgv(libvirt, words));
  return argv.code === 0 ? parsePflash(argv.stdout, firmwareCandidates(vm.firmware)) : null;
}

/** Pure. The same of QEMU's command line as libvirt writes it; the empty store is the one that belongs to the code. */
export function parsePflash(text: string, known: readonly FirmwareFiles[]): Store | null {
  const fileOf = (node: string): string | undefined =>
    new RegExp(`"filename":"([^"\\\\]{1,1000})","node-name":"libvirt-${node}-storage"`).exec(text)?.[1];
  const [code, path] = [fileOf("pflash0"), fileOf("pflash1")];
  const template = known.find((pair) => pair.code === code)?.vars;
  return template === undefined || path === undefined || !path.startsWith("/") ? null : { template, path };
}

/** Pure. Where a domain's variables are, and what they begin as; null: it does not say so. */
export function parseNvram(xml: string): Store | null {
  const [, attributes = "", path = ""] = /<nvram\b([^>]{0,1000})>([^<>&]{1,1000})<\/nvram>/.exec(xml) ?? [];
  const template = /\btemplate=(['"])([^'"&]{1,1000})\1/.exec(attributes)?.[2];
  const isPath = (text: string): boolean => /^\/[^\0\n]*$/.test(text);
  return template === undefined || !isPath(template) || !isPath(path) ? null : { template, path };
}

/** Running, switched off, or not there at all. */
export async function libvirtState(
  call: Call,
  { libvirt, uuid }: { libvirt: Libvirt; uuid: string },
): Promise<"running" | "off" | "absent"> {
  const ended = await tryOn(call, virshArgv(libvirt, ["domstate", uuid]));
  if (ended.code === 0) return ended.stdout.trim() === "shut off" ? "off" : "running";
  if (/failed to get domain|no domain with matching|Domain not found/i.test(ended.stderr)) return "absent";
  throw new UserError("host-act-failed", `Cannot ask libvirt on ${call.host.title}: ${complaint(ended)}`, {
    advice: `Try there: virsh -c ${libvirt.uri} list --all`,
  });
}

/** The definition with its store of UEFI variables, and what libvirt keeps beside it. No image is touched. */
export async function undefineLibvirt(
  call: Call,
  { libvirt, name, uuid }: { libvirt: Libvirt; name: string; uuid: string },
): Promise<void> {
  await actOn(
    call,
    virshArgv(libvirt, [
      "undefine",
      uuid,
      "--nvram",
      "--managed-save",
      "--snapshots-metadata",
      "--checkpoints-metadata",
    ]),
    { what: `undefine ${name}`, advice: `Try there: virsh -c ${libvirt.uri} undefine ${name} --nvram` },
  );
}

/** Stands still at its first instruction, so that whoever reads its console misses nothing. */
export async function startLibvirtPaused(
  call: Call,
  { libvirt, name, uuid }: { libvirt: Libvirt; name: string; uuid: string },
): Promise<void> {
  await actOn(call, virshArgv(libvirt, ["start", uuid, "--paused"]), {
    what: `start ${name}`,
    advice: `Try there: virsh -c ${libvirt.uri} start ${name}`,
  });
}

export async function resumeLibvirt(
  call: Call,
  { libvirt, name, uuid }: { libvirt: Libvirt; name: string; uuid: string },
): Promise<void> {
  await actOn(call, virshArgv(libvirt, ["resume", uuid]), {
    what: `start ${name}`,
    advice: `Try there: virsh -c ${libvirt.uri} resume ${name}`,
  });
}

/** `virsh console` wants a terminal: script(1) of util-linux gives it one. */
export function libvirtConsoleArgv(libvirt: Libvirt, uuid: string): readonly string[] {
  const words = virshArgv(libvirt, ["console", uuid, "--force"]);
  return ["script", "-q", "-f", "-c", words.join(" "), "/dev/null"];
}
