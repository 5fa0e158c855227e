// SPDX-License-Identifier: Apache-2.0
// A VM under libvirt on a host: defined, started, and taken away again. Its images are nobody's business here.
import { type Definition, type LibvirtFacts, UserError, type VmModel } from "../core/index.ts";
import { actOn, type Call, lastWords, tryOn, virshArgv } from "./host-command.ts";

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

/** Running, switched off, or not there at all. */
export async function libvirtState(
  call: Call,
  { libvirt, uuid }: { libvirt: Libvirt; uuid: string },
): Promise<"running" | "off" | "absent"> {
  const ended = await tryOn(call, virshArgv(libvirt, ["domstate", uuid]));
  if (ended.code === 0) return ended.stdout.trim() === "shut off" ? "off" : "running";
  if (/failed to get domain|no domain with matching|Domain not found/i.test(ended.stderr)) return "absent";
  throw new UserError(
    "host",
    "host-act-failed",
    `Cannot ask libvirt on ${call.host.title}: ${lastWords(ended)}`,
    {
      advice: `Try there: virsh -c ${libvirt.uri} list --all`,
    },
  );
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
