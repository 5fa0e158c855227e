// SPDX-License-Identifier: Apache-2.0
// The live system in place of a server has the server's addresses, and so has the VM. Where the VM shall run, it is started paused, this
// system leaves the network, and the host lets the VM go on: never are both there.
import { existsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Definition,
  type Emit,
  type Host,
  type HostFacts,
  lastWords,
  type Started,
  UserError,
} from "../../../core/index.ts";
import { run } from "../../../system/index.ts";
import { type PausedVm, startPaused } from "../../destination/start.ts";
import { forbidKey } from "../jump/job-key.ts";
import { readMark, writeMark } from "../mark.ts";
import { NOTE_DIRECTORY, NOTE_FILES, readNote } from "../note.ts";

/** Time for this system to say its last words and to leave; emulated, too. */
const AFTER_SECONDS = 30;

const LEFT = join(NOTE_DIRECTORY, "left");

/** From then on nothing may start the server's own system: it has the VM's addresses, too. */
export const hasLeft = (): boolean => existsSync(LEFT);

type Call = {
  readonly host: Host;
  /** The VM's, there. */
  readonly directory: string;
  readonly facts: HostFacts;
  readonly definition: Definition;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** Whether it can be started is known then: it has its memory, disks and networks. UserError where it cannot. */
export async function startBeforeLeaving(call: Call): Promise<{ started: Started; vm: PausedVm }> {
  const vm = await startPaused(call);
  return { started: { kind: "leaving", inSeconds: AFTER_SECONDS }, vm };
}

/** In a shell of the host, in one line, which nobody waits for. $1: seconds, $2: where it says what became of it, $3...: what to run. */
export const LATER = [
  "after=$1 log=$2; shift 2;",
  `(trap '' HUP; sleep "$after";`,
  `if "$@"; then echo 'The VM goes on.'; else echo 'The VM could not be resumed: it is there, and paused.'; fi)`,
  `>"$log" 2>&1 </dev/null &`,
].join(" ");

/** The last act at the destination. Of the VM's own log there: DIRECTORY.start.txt. */
export async function leaveForVm(
  { host, directory, definition, emit, signal }: Call,
  vm: PausedVm,
): Promise<void> {
  const note = await readNote();
  if (note === null) throw new Error("This system is in nobody's place");
  const say = (text: string): void => emit({ type: "step", phase: "boot", text });
  const log = `${directory}.start.txt`;
  try {
    const argv = ["sh", "-c", LATER, "sh", `${AFTER_SECONDS}`, log, ...vm.resume];
    const { code, stderr } = await host.run(argv, { timeoutMs: 60_000, signal });
    if (code !== 0) throw hostCannot(host, `let ${definition.name} go on: ${lastWords(stderr)}`);
  } catch (error) {
    // It has done nothing yet, and the server comes back: nobody shall let it go on by mistake.
    await host.run(vm.destroy, { timeoutMs: 60_000, signal: AbortSignal.timeout(60_000) });
    throw error;
  }
  await disarm();
  const mark = await readMark(host, directory);
  if (mark !== null) await writeMark(host, directory, { ...mark, state: "done", words: `See ${log}` });
  if (note.isKeyOurs) await forbidKey(host, { name: note.name, signal });
  say(
    `${host.title} lets ${definition.name} go on in ${AFTER_SECONDS} s, and this system leaves the network now`,
  );
  await leaveNetwork(signal);
}

const hostCannot = ({ title }: Host, what: string): UserError =>
  new UserError("host-act-failed", `${title} cannot ${what}`, {
    advice: "The server starts its own system again; without --start the VM is there, to be started by hand",
  });

/** Nobody starts the server's own system any more, whatever happens to this one. */
async function disarm(): Promise<void> {
  await writeFile(LEFT, "");
  await rm(join(NOTE_DIRECTORY, NOTE_FILES.return), { force: true });
  await writeFile("/proc/sys/kernel/panic", "0");
}

async function leaveNetwork(signal: AbortSignal): Promise<void> {
  const units = ["systemd-networkd.socket", "systemd-networkd.service"];
  await run(["systemctl", "stop", ...units], { signal, allowCodes: [1, 5] });
  for (const name of await readdir("/sys/class/net"))
    if (name !== "lo") await run(["ip", "link", "set", "dev", name, "down"], { signal, allowCodes: [1, 2] });
}
