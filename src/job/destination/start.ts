// SPDX-License-Identifier: Apache-2.0
// The VM, started for real, on the networks of its host: after the original is off.
import {
  type Definition,
  type Emit,
  type Host,
  type HostFacts,
  type Started,
  UserError,
} from "../../core/index.ts";
import {
  awaitLogin,
  createXenPaused,
  libvirtConsoleArgv,
  resumeLibvirt,
  resumeXen,
  startLibvirtPaused,
  virshArgv,
  xenConsoleArgv,
  xlArgv,
} from "../../vm/index.ts";

/** Under TCG a server may take minutes. */
const LOGIN_TIMEOUT_MS = 10 * 60_000;

export type StartOptions = {
  readonly host: Host;
  readonly facts: HostFacts;
  readonly definition: Definition;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** Commands of its host. */
export type PausedVm = { readonly resume: readonly string[]; readonly destroy: readonly string[] };

type PauseOptions = Pick<StartOptions, "host" | "facts" | "definition" | "signal" | "emit">;

/** Started, and still at its first instruction; `resume` is what lets it go on. UserError (host) where it cannot be started. */
export async function startPaused({
  host,
  facts,
  definition,
  signal,
  emit,
}: PauseOptions): Promise<PausedVm> {
  const { name, uuid } = definition;
  emit({ type: "step", phase: "boot", text: `starting ${name}, paused` });
  if (definition.hypervisor === "libvirt" && facts.libvirt !== null) {
    const { libvirt } = facts;
    await startLibvirtPaused({ host, signal }, { libvirt, name, uuid });
    return {
      resume: virshArgv(libvirt, ["resume", uuid]),
      destroy: virshArgv(libvirt, ["destroy", uuid]),
    };
  }
  if (definition.hypervisor === "xen" && facts.xen !== null) {
    const { xen } = facts;
    await createXenPaused({ host, signal }, { xen, name });
    return {
      resume: xlArgv(xen.prefix, ["unpause", name]),
      destroy: xlArgv(xen.prefix, ["destroy", name]),
    };
  }
  throw notThere(host, definition);
}

/** UserError (host) where it cannot be started at all; a login that is not seen is told in the answer. */
export async function startVm({
  host,
  facts,
  definition,
  timeoutMs = LOGIN_TIMEOUT_MS,
  signal,
  emit,
}: StartOptions): Promise<{ started: Started; console: string }> {
  const { name, uuid } = definition;
  const call = { host, signal };
  emit({ type: "step", phase: "boot", text: `starting ${name} for real` });
  const watch = { host, timeoutMs, signal, onLine: (line: string) => emit({ type: "console", line }) };
  if (definition.hypervisor === "libvirt" && facts.libvirt !== null) {
    const { libvirt } = facts;
    await startLibvirtPaused(call, { libvirt, name, uuid });
    const argv = libvirtConsoleArgv(libvirt, uuid);
    return await awaitLogin({ ...watch, argv, begin: () => resumeLibvirt(call, { libvirt, name, uuid }) });
  }
  if (definition.hypervisor === "xen" && facts.xen !== null) {
    const { xen } = facts;
    await createXenPaused(call, { xen, name });
    return await awaitLogin({
      ...watch,
      argv: xenConsoleArgv(xen, name),
      begin: () => resumeXen(call, { xen, name }),
    });
  }
  throw notThere(host, definition);
}

const notThere = ({ title }: Host, { name, hypervisor }: Definition): UserError =>
  new UserError("host-act-failed", `${title} cannot start ${name}: it has no ${hypervisor}`, {
    advice: "Start it there by hand",
  });
