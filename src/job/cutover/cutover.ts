// SPDX-License-Identifier: Apache-2.0
// A running server is replaced by the live system in its memory. Until the jump nothing happens to it that is not taken back;
// after it, the live system goes on as from a CD (arrive.ts), and starts the server's own system again if that fails.
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Destination, type Emit, isVmName, type Machine, UserError } from "../../core/index.ts";
import { sshHost, writePinnedSshConfig } from "../../hosts/index.ts";
import { inspectMachine, openSourceDisk } from "../../inspect/index.ts";
import type { Answers } from "../../plan/index.ts";
import { run, RunError } from "../../system/index.ts";
import { refuseOrdinaryUser } from "../source/source.ts";
import { printDestination } from "../destination/destination.ts";
import { type CutoverCheck, checkCutover, type Reached } from "./before/check.ts";
import { diskMarks } from "./disks.ts";
import { freezeWrites } from "../writes/recorded.ts";
import { type Hook, layHook } from "./jump/hook.ts";
import { allowKey, forbidKey, makeKey } from "./jump/job-key.ts";
import { neededBytes, TIMES_THERE } from "./before/judge.ts";
import { jumpArgv, loadKernel, openMemory } from "./jump/kexec.ts";
import { clockOf, removeMark, writeMark } from "./mark.ts";
import { packNote } from "./jump/pack.ts";
import { preparedIn } from "./before/plan.ts";
import { type CutoverNote, NOTE_DIRECTORY, NOTE_FILES } from "./note.ts";

/** The live system, of src/iso. */
export type LiveSystem = {
  readonly version: string | null;
  readonly words: string;
  readonly sizeBytes: number;
  writeKernel(path: string, options: { signal: AbortSignal }): Promise<void>;
  writeInitramfs(
    path: string,
    options: { more: readonly { name: string; mode: number; bytes: Uint8Array }[]; signal: AbortSignal },
  ): Promise<void>;
};

export type CutoverOptions = {
  readonly answers: Answers;
  readonly live: LiveSystem;
  /** The answer file of the migration, but for disks, name and destination; for this machine. */
  readonly answerFile: (machine: Machine) => string;
  /** Whether any failure starts the server's own system. */
  readonly returns: boolean;
  /** A private key for the destination; null: one is made for this job. */
  readonly identity: string | null;
  readonly sshConfig: string | null;
  readonly version: string;
  /** Shows all; false ends here. Asked in any case, stops or not. */
  readonly confirm: (checked: CutoverCheck) => Promise<boolean>;
  /** Of the plan. */
  readonly emit: Emit;
  /** What is done now; the last one is heard before the server's connections end. */
  readonly onStep: (text: string) => void;
  readonly signal: AbortSignal;
};

export type CutoverResult =
  | { readonly kind: "declined" }
  | { readonly kind: "jumped"; readonly name: string };

const MEMORY = "/run/virt-p2v-cutover";

/** UserError; nothing has happened then. */
export async function cutover(options: CutoverOptions): Promise<CutoverResult> {
  const { answers, live, version, sshConfig, signal } = options;
  refuseOrdinaryUser();
  const name = nameFor(answers.name);
  await using keep = new AsyncDisposableStack();
  const memory = keep.use(await openMemory(MEMORY));
  process.env["TMPDIR"] = memory.path; // nothing of this run goes to a disk
  keep.defer(() => void delete process.env["TMPDIR"]);
  const machine = await inspectMachine({ signal });
  const checked = await checkCutover({
    answers,
    name,
    machine,
    sshConfig,
    // The hook holds a second one until the jump.
    live: { version: live.version, sizeBytes: live.sizeBytes * (answers.trustWrites ? 2 : 1) },
    version,
    directory: memory.path,
    keep,
    signal,
    emit: options.emit,
  });
  if (!(await options.confirm(checked))) return { kind: "declined" };
  const { reached, facts } = checked;
  if (reached === null || facts.kexec === null) throw new Error("A cutover was confirmed that cannot be");
  await prepareAndJump(options, {
    checked,
    reached,
    name,
    machine,
    memory: memory.path,
    kexec: facts.kexec.path,
    keep,
  });
  return { kind: "jumped", name };
}

type Ready = {
  readonly checked: CutoverCheck;
  readonly reached: Reached;
  readonly name: string;
  readonly machine: Machine;
  readonly memory: string;
  readonly kexec: string;
  readonly keep: AsyncDisposableStack;
};

async function prepareAndJump(options: CutoverOptions, ready: Ready): Promise<void> {
  const { live, version, answers, signal, onStep: step } = options;
  const { checked, reached, name, machine, memory, kexec } = ready;
  const { host, directory, way, address } = reached;
  // Taken back, all of it, unless the jump comes.
  await using undo = new AsyncDisposableStack();
  step("Trying the key for this job");
  const identity = await keyFor(options, { ready, undo });
  const disks = diskMarks(machine.storage);
  const note: CutoverNote = {
    format: "cutover/1",
    version,
    name,
    to: printUri(way.destination),
    host: { name: way.destination.host, address },
    hostKey: way.hostKey,
    network: checked.facts.network?.setup ?? { links: [], dns: [], search: [] },
    disks: answers.disks.flatMap((path) => disks.get(path) ?? []),
    isKeyOurs: options.identity === null,
    retryForMs: answers.transfer.retryForMs,
  };
  step("Writing the live system, with what it is to do, into memory");
  const hook = answers.trustWrites ? undo.use(await recordUntilJump(options, ready)) : null;
  const kernel = hook?.kernel ?? join(memory, "vmlinuz");
  const initramfs = hook?.initramfs ?? join(memory, "initrd.img");
  await live.writeKernel(kernel, { signal });
  const spareBytes = checked.facts.memory.availableBytes - neededBytes(live.sizeBytes);
  const more = await packNote({
    note,
    identity,
    answers: options.answerFile(machine),
    returns: options.returns,
    prepared: { directory: preparedIn(memory), maxBytes: Math.floor(spareBytes / TIMES_THERE) },
  });
  await live.writeInitramfs(initramfs, { more, signal });
  await rm(preparedIn(memory), { recursive: true, force: true });
  step("Loading it into this server's kernel");
  undo.use(await loadKernel({ kexec, kernel, initramfs, words: jumpWords(live.words), signal }));
  if (hook === null) for (const path of [kernel, initramfs]) await rm(path);
  undo.defer(() => removeMark(host, directory));
  const downAt = await clockOf(host, signal);
  await writeMark(host, directory, {
    format: "cutover-mark/1",
    state: "down",
    downAt,
    server: hostname(),
    words: "",
  });
  signal.throwIfAborted();
  step(
    `This server stops its services now, and starts the live system. What follows is on its console, and at ${printDestination(answers.destination, name)}`,
  );
  const made = undo.move(); // from here on, it is needed
  try {
    await run(jumpArgv(checked.facts.init), { timeoutMs: 120_000 });
  } catch (error) {
    // Killed: by the very shutdown that it asked for, as this session is about to be.
    if (error instanceof RunError && error.code === null && !error.timedOut) return;
    await made.disposeAsync();
    throw error;
  }
}

/** What the kernel records from the last pass to the jump travels with it. UserError where that cannot be. */
async function recordUntilJump(
  { answers, live, signal }: CutoverOptions,
  { checked, name, kexec }: Ready,
): Promise<Hook> {
  if (checked.facts.init.kind !== "systemd")
    throw new UserError(
      "cutover-no-hook",
      "--trust-writes needs systemd, which hands over when all is unmounted",
      {
        advice: "Leave out --trust-writes: then everything is compared",
      },
    );
  const disks = await Promise.all(answers.disks.map((path, index) => openSourceDisk(path, index + 1)));
  const destination = printDestination(answers.destination, name);
  const frozen = await freezeWrites({ disks, destination, signal, emit: () => undefined });
  return await layHook({ ...frozen, words: jumpWords(live.words), place: "cutover/writes", kexec });
}

/** No secret is among them: /proc/cmdline is open to everybody. Pure. */
export function jumpWords(words: string): string {
  return `${words} panic=10 p2v.unattended p2v.config=${NOTE_DIRECTORY}/${NOTE_FILES.answers}`;
}

/** Its path. It was tried, by exactly the way of the live system. */
async function keyFor(
  { identity, signal }: CutoverOptions,
  { ready, undo }: { ready: Ready; undo: AsyncDisposableStack },
): Promise<string> {
  const { reached, name, memory } = ready;
  const { host, way } = reached;
  const made = identity ?? (await makeKey(memory, { name, signal }));
  if (identity === null) {
    undo.defer(() => forbidKey(host, { name, signal: new AbortController().signal }));
    await allowKey(host, made, { name, signal });
  }
  const { destination, hostKey: fingerprint } = way;
  const directory = memory;
  const config = await writePinnedSshConfig({ destination, identity: made, fingerprint, directory, signal });
  try {
    await using tried = await sshHost({ destination, sshConfig: config, signal });
    await clockOf(tried, signal);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "host-login-refused") throw error;
    throw new UserError(
      "cutover-key",
      `${host.title} does not let in the key ${identity ?? "that was made for this job"}`,
      {
        advice:
          identity === null
            ? "Its sshd reads keys from elsewhere than ~/.ssh/authorized_keys: give one that may log in, with --identity FILE"
            : "Give a key without a passphrase that may log in there",
        cause: error,
      },
    );
  }
  return made;
}

function nameFor(given: string | null): string {
  const name = given ?? hostname().split(".")[0] ?? "";
  if (isVmName(name)) return name;
  throw new UserError(given === null ? "name-missing" : "name-wrong", `"${name}" is not a name for a VM`, {
    advice: "Give the one of copy --live, with --name: letters, digits, dot, dash and underscore, at most 63",
  });
}

/** parseDestination() reads it back. */
export function printUri({ user, host, port, path }: Extract<Destination, { kind: "ssh" }>): string {
  const at = user === null ? "" : `${encodeURIComponent(user)}@`;
  const shown = host.includes(":") ? `[${host}]` : host;
  const pathText = path.split("/").map(encodeURIComponent).join("/");
  return `ssh://${at}${shown}${port === null ? "" : `:${port}`}${pathText}`;
}

export type { CutoverCheck };
