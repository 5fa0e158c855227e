// SPDX-License-Identifier: Apache-2.0
// virt-p2v live: the unattended migration of the live CD, by the kernel command line. Tries again what may heal.
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../core/index.ts";
import { parseDestination, writePinnedSshConfig } from "../../../hosts/index.ts";
import { DONE_ALREADY, hasLeft, localDisks } from "../../../job/index.ts";
import { makeRunDirectory, readBounded } from "../../../system/index.ts";
import { renderError } from "../../print/index.ts";
import {
  findCommand,
  type Given,
  type LiveSettings,
  liveSettings,
  parseCommandLine,
} from "../../settings/index.ts";
import { readAnswers } from "../answer-source.ts";
import { type CommandRunner, say } from "../context.ts";
import { leave } from "../leave.ts";
import { runMigrate } from "../migrate.ts";
import { runPlan } from "../plan.ts";
import { withTrace } from "../with-trace.ts";
import { readReplaced } from "./replaced.ts";

const RUNNERS = { migrate: runMigrate, plan: runPlan } as const;

/** In seconds; a switch that reboots takes minutes. */
const PAUSES: readonly number[] = [5, 10, 20, 40, 60, 60, 120, 120, 300, 300];

export const runLive: CommandRunner = async (given, { signal }) => {
  const path = given.one("cmdline") ?? "/proc/cmdline";
  const own = ownWords(given);
  const text = `${(await readBounded(path))?.toString("utf8") ?? ""} ${own}`;
  const line = liveSettings(text);
  if (!line.unattended && own !== "")
    throw new UserError("setting-missing", "virt-p2v live begins only when it may do so without asking", {
      advice: "Give --unattended, or p2v.unattended on the kernel command line",
    });
  if (!line.unattended) {
    say("Not unattended (the kernel command line has no p2v.unattended)");
    return 0;
  }
  let live = line;
  let code = 1;
  const replaced = await readReplaced();
  // A server that was at work is missed sooner than a machine that somebody boots from a CD.
  const patience = { patienceMs: replaced?.note.retryForMs ?? Number.POSITIVE_INFINITY, signal };
  try {
    const answers = await withPatience(() => readAnswers(line.config, { signal }), patience);
    live = liveSettings(text, answers);
    const answered = live;
    const settle = (): Promise<LiveSettings> =>
      replaced?.settle(answered, signal) ?? Promise.resolve(answered);
    const settings = await withPatience(settle, patience);
    live = settings;
    code = await withPatience(() => runOnce(settings, signal), patience);
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof UserError && error.code === DONE_ALREADY) {
      // A medium that was forgotten in the drive must not make the machine begin again and again.
      say(`virt-p2v live: done before. ${error.message}.`);
      if (live.post !== "none") await leave("poweroff", { signal });
      return 0;
    }
    const words = renderError(error);
    say(words);
    await replaced?.tell(words);
    say("virt-p2v live: FAILED. Nothing was written to the disks of this machine.");
    const trace = traceOf(live) ?? given.one("trace");
    if (trace !== null)
      say(`The programs that were run are in ${trace}; for a bug report: virt-p2v report-bug`);
    await afterFailure(live, signal);
    throw error;
  }
  await replaced?.tell(code === 0 ? null : `It ended with code ${code}: see the report`);
  say(code === 0 ? "virt-p2v live: done" : `virt-p2v live: ended with code ${code}`);
  if (code === 0 && live.post !== "none") await leave(live.post, { signal });
  if (code !== 0) await afterFailure(live, signal);
  return code;
};

async function afterFailure({ onfail }: LiveSettings, signal: AbortSignal): Promise<void> {
  if (hasLeft())
    say("The VM was started. This server's own system is not: both have the same addresses. It waits here.");
  else if (onfail !== "wait") await leave(onfail, { signal });
}

/** Settings of the command line, as the kernel's would be: for whoever tries them by hand. */
export function ownWords(given: Pick<Given, "one" | "flag">): string {
  const words = (["config", "mode", "identity", "host-key", "post", "onfail"] as const).flatMap((name) => {
    const value = given.one(name);
    if (value === null) return [];
    if (value.includes('"'))
      throw new UserError("parameter-wrong", `--${name} has a quotation mark in it`, {
        advice: "The kernel command line, for which it stands, cannot have one",
      });
    return [`"p2v.${name}=${value}"`];
  });
  return [...(given.flag("unattended") ? ["p2v.unattended"] : []), ...words].join(" ");
}

/** `p2v.trace=FILE`, or trace: in the answer file. */
function traceOf({ migrate }: LiveSettings): string | null {
  const words = migrate.join("\0");
  return /(?:^|\0)--trace[=\0]([^\0]+)/.exec(words)?.[1] ?? null;
}

type Patience = { readonly patienceMs: number; readonly signal: AbortSignal };

async function withPatience<T>(act: () => Promise<T>, { patienceMs, signal }: Patience): Promise<T> {
  let leftMs = patienceMs;
  for (const pause of PAUSES) {
    try {
      return await act();
    } catch (error) {
      leftMs -= pause * 1000;
      if (!mayHeal(error) || leftMs < 0) throw error;
      say(`${renderError(error)}  Trying again in ${pause} s`);
      await sleep(pause * 1000, undefined, { signal });
    }
  }
  return await act();
}

/** A network or host that is away may come back; a key or a login that is refused does not. Pure. */
export function mayHeal(error: unknown): boolean {
  return error instanceof UserError && error.heals;
}

async function runOnce(live: LiveSettings, signal: AbortSignal): Promise<number> {
  const command = findCommand(live.mode);
  const argv = [...live.migrate].filter((word) => live.mode === "migrate" || word !== "--start");
  argv.push(live.mode === "migrate" ? "--yes" : "--save");
  if (!argv.some((word) => /^--disk(=|$)/.test(word)))
    argv.push(...(await disksHere(signal)).flatMap((disk) => ["--disk", disk]));
  const asked = parseCommandLine(command, argv);
  const destination = parseDestination(asked.one("to") ?? "");
  await using directory = await makeRunDirectory("live");
  if (destination.kind === "ssh" && asked.one("ssh-config") === null) {
    if (live.hostKey === null)
      throw new UserError(
        "host-key-missing",
        "The kernel command line does not say which host key is right",
        {
          advice:
            "Give p2v.host-key=SHA256:...; on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        },
      );
    const { identity, hostKey: fingerprint } = live;
    const config = { destination, identity, fingerprint, directory: directory.path, signal };
    argv.push("--ssh-config", await writePinnedSshConfig(config));
  }
  say(`virt-p2v ${live.mode} ${argv.join(" ")}`);
  const given = parseCommandLine(command, argv);
  const traced = { path: given.one("trace"), argv: ["virt-p2v", live.mode, ...argv], signal };
  return await withTrace(traced, () => RUNNERS[live.mode](given, { signal }));
}

async function disksHere(signal: AbortSignal): Promise<readonly string[]> {
  const disks = await localDisks({ signal });
  if (disks.length > 0) return disks;
  throw new UserError("no-disk", "This machine has no disk that could be seen", {
    advice: "See virt-p2v inspect for devices without a driver; name disks with p2v.disk=/dev/...",
  });
}
