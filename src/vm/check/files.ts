// SPDX-License-Identifier: Apache-2.0
// Files of the boot check on the host: throw-away disks, a copy of the firmware's variables, the console as it grows.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Host, type HostProcess, lastWords, UserError, type VmModel } from "../../core/index.ts";
import type { CheckDisk } from "./argv.ts";
import type { FirmwareFiles } from "../define/firmware.ts";

/** Processes on the host end in order when the scope does, and not by the signal. */
const NEVER = new AbortController().signal;

type Place = {
  readonly host: Host;
  /** An existing directory on the host, for this attempt alone. */
  readonly directory: string;
  readonly signal: AbortSignal;
};

/** An empty qcow2 file above each disk; it takes all writes. */
export async function makeTops(
  { host, directory, signal }: Place,
  { vm, qemuImg, disks }: { vm: VmModel; qemuImg: string; disks: readonly Omit<CheckDisk, "top">[] },
): Promise<CheckDisk[]> {
  const made: CheckDisk[] = [];
  for (const [index, disk] of disks.entries()) {
    const top = `${directory}/top-${index + 1}.qcow2`;
    const size = vm.disks[index]?.sizeBytes ?? 0;
    // QEMU works in sectors of 512; an image that does not end on one is padded by it.
    const argv = [qemuImg, "create", "-q", "-f", "qcow2", top, `${Math.ceil(size / 512) * 512}`];
    await act(host, argv, signal);
    made.push({ ...disk, top });
  }
  return made;
}

/** The variables may be written; the code is the host's own. */
export async function copyVars(
  { host, directory, signal }: Place,
  firmware: FirmwareFiles | null,
): Promise<FirmwareFiles | null> {
  if (firmware === null) return null;
  const vars = `${directory}/vars.fd`;
  await act(host, ["sh", "-c", 'cat "$1" > "$2"', "sh", firmware.vars, vars], signal);
  return { code: firmware.code, vars };
}

async function act(host: Host, argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { code, stderr } = await host.run(argv, { timeoutMs: 120_000, signal });
  if (code === 0) return;
  throw new UserError(
    "boot-check-files",
    `The boot check's throw-away files cannot be made on ${host.title}: ${lastWords(stderr)}`,
    { advice: "Make room there, or run again with --no-boot-check" },
  );
}

/** Sends a local file to the host as it is. */
export async function sendFile(host: Host, from: string, { to }: { to: string }): Promise<void> {
  await using cat = await host.spawn(["sh", "-c", 'umask 077; cat > "$1"', "sh", to], { signal: NEVER });
  cat.stdout.resume();
  await pipeline(createReadStream(from), cat.stdin);
  if ((await cat.exited) === 0) return;
  throw new UserError(
    "boot-check-files",
    `The boot probe cannot be written on ${host.title}: ${cat.stderrTail().slice(-300)}`,
    { advice: "Make room there, or run again with --no-boot-check" },
  );
}

// As long as we hold its stdin it shows the console file. When the connection is lost it ends the VM, which would
// otherwise run on at the host for nobody. `cat` runs in the background so that a signal is taken at once.
const FOLLOW = [
  "f=$1; shift",
  "exec 3<&0",
  "t= c=",
  'trap "exit 0" HUP INT TERM',
  `trap 'kill $t $c 2>/dev/null; "$@" >/dev/null 2>&1' EXIT`, // before there is anything to end
  'tail -n +1 -f "$f" & t=$!',
  "cat <&3 >/dev/null & c=$!",
  "wait $c",
].join("; ");

export interface Follower extends AsyncDisposable {
  readonly process: HostProcess;
}

/**
 * Shows a file from its beginning, as it grows; it is made empty first, before the process that shows it may run: on a
 * busy host that may come after the VM's first words. `atEnd` runs there in any case.
 */
export async function followFile(
  host: Host,
  { serialFile, atEnd }: { serialFile: string; atEnd: readonly string[] },
): Promise<Follower> {
  await host.writeFile(serialFile, Buffer.alloc(0), { mode: 0o600 });
  const process = await host.spawn(["sh", "-c", FOLLOW, "sh", serialFile, ...atEnd], { signal: NEVER });
  return {
    process,
    async [Symbol.asyncDispose]() {
      process.stdin.end();
      await Promise.race([process.exited, new Promise((resolve) => setTimeout(resolve, 3_000))]);
      await process[Symbol.asyncDispose]();
    },
  };
}
