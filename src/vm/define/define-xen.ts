// SPDX-License-Identifier: Apache-2.0
// A VM under Xen's xl: there is no list of VMs but the files in /etc/xen, so one is put there, and taken away again.
import { createHash } from "node:crypto";
import { type CommandPrefix, type Definition, UserError, type VmModel } from "../../core/index.ts";
import { actOn, type Call, tryOn, xlArgv } from "../host-command.ts";

const XEN_DIRECTORY = "/etc/xen";
const MAX_CONFIG_BYTES = 2 ** 20;

const xenConfigPath = (name: string): string => `${XEN_DIRECTORY}/${name}.cfg`;
const autoPath = (name: string): string => `${XEN_DIRECTORY}/auto/${name}.cfg`;

type Xen = { readonly prefix: CommandPrefix };

/**
 * `file`: the domain, on the host; `text` what is in it. xl reads it without creating anything, then it goes to
 * /etc/xen. UserError (destination) where a file that is not ours has its name there.
 */
export async function defineXen(
  call: Call,
  {
    xen,
    vm,
    file,
    text,
    autostart,
    before,
  }: {
    xen: Xen;
    vm: VmModel;
    file: string;
    text: string;
    autostart: boolean;
    /** What an earlier run of ours put there. */
    before: Definition | null;
  },
): Promise<Definition> {
  await actOn(call, xlArgv(xen.prefix, ["create", "-n", "-q", file]), {
    what: `have xl read ${file}`,
    advice: `Look at it there: xl create -n ${file}`,
  });
  const path = xenConfigPath(vm.name);
  const sha256 = sha256Of(text);
  const there = await sha256There(call, { xen, path });
  const known = [sha256, ...(before?.files ?? []).map((one) => one.sha256)];
  if (there !== null && !known.includes(there))
    throw new UserError(
      "destination-name-taken",
      `${path} on ${call.host.title} is there already, and not ours`,
      { advice: "Choose another --name, or move that file away" },
    );
  await actOn(call, [...xen.prefix, "install", "-m", "600", file, path], {
    what: `write ${path}`,
    advice: "Check the rights of the user there (see doc/hosts.md)",
  });
  if (autostart) {
    const make = [...xen.prefix, "ln", "-sf", path, autoPath(vm.name)];
    await actOn(call, [...xen.prefix, "mkdir", "-p", `${XEN_DIRECTORY}/auto`], {
      what: `make ${XEN_DIRECTORY}/auto`,
      advice: "Make it there, and run the same command again",
    });
    await actOn(call, make, { what: `write ${autoPath(vm.name)}`, advice: "Link it there by hand" });
  }
  const { name, uuid } = vm;
  return {
    format: "definition/1",
    hypervisor: "xen",
    uri: null,
    name,
    uuid,
    files: [{ path, sha256 }],
    links: autostart ? [{ path: autoPath(name), target: path }] : [],
  };
}

/** A domain of this name runs, or none does: xl knows no others. */
export async function xenState(
  call: Call,
  { xen, name }: { xen: Xen; name: string },
): Promise<"running" | "off"> {
  const { code } = await tryOn(call, xlArgv(xen.prefix, ["domid", name]));
  return code === 0 ? "running" : "off";
}

/** Only files that are as we wrote them, and links that lead where we let them lead. What was left is reported. */
export async function undefineXen(
  call: Call,
  { xen, definition }: { xen: Xen; definition: Definition },
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const { path, target } of definition.links) {
    const { stdout, code } = await tryOn(call, ["readlink", path]);
    if (code !== 0) continue;
    if (stdout.trim() === target) await removeThere(call, xen, path);
    else kept.push(path);
  }
  for (const { path, sha256 } of definition.files) {
    const there = await sha256There(call, { xen, path });
    if (there === null) continue;
    if (there === sha256) await removeThere(call, xen, path);
    else kept.push(path);
  }
  return kept;
}

async function removeThere(call: Call, { prefix }: Xen, path: string): Promise<void> {
  await actOn(call, [...prefix, "rm", "-f", path], {
    what: `remove ${path}`,
    advice: "Remove it there by hand",
  });
}

/** null: there is no such file. */
async function sha256There(call: Call, { xen, path }: { xen: Xen; path: string }): Promise<string | null> {
  if ((await call.host.kindOf(path)) === "absent") return null;
  const argv = [...xen.prefix, "head", "-c", `${MAX_CONFIG_BYTES}`, path];
  return sha256Of(
    await actOn(call, argv, { what: `read ${path}`, advice: "Check the rights of the user there" }),
  );
}

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Made, and stopped before its first instruction. */
export async function createXenPaused(call: Call, { xen, name }: { xen: Xen; name: string }): Promise<void> {
  await actOn(call, xlArgv(xen.prefix, ["create", "-p", "-q", xenConfigPath(name)]), {
    what: `start ${name}`,
    advice: `Try there: xl create -c ${xenConfigPath(name)}`,
  });
}

export async function resumeXen(call: Call, { xen, name }: { xen: Xen; name: string }): Promise<void> {
  await actOn(call, xlArgv(xen.prefix, ["unpause", name]), {
    what: `start ${name}`,
    advice: `Try there: xl unpause ${name}`,
  });
}

export const xenConsoleArgv = ({ prefix }: Xen, name: string): readonly string[] =>
  xlArgv(prefix, ["console", name]);
