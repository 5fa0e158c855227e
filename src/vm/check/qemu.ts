// SPDX-License-Identifier: Apache-2.0
// The boot check by QEMU itself, controlled over QMP.
import { type Host, type HostProcess, lastWords, type VmModel } from "../../core/index.ts";
import { type Accelerator, type CheckDisk, renderCheckArgv } from "./argv.ts";
import type { CheckRun } from "./attempt.ts";
import { copyVars, followFile, makeTops } from "./files.ts";
import type { CheckTools } from "./host.ts";
import type { Watch } from "./watch.ts";
import type { Key } from "./passphrase.ts";
import { isPng, parsePpm, renderPng } from "./png.ts";
import { openQmp, type Qmp, QmpError } from "./qmp.ts";
import { parseScreenText, TEXT_MEMORY } from "./screen-text.ts";

export type QemuLaunch = {
  readonly host: Host;
  readonly vm: VmModel;
  readonly tools: CheckTools;
  readonly accelerator: Accelerator;
  /** Images and layers; `top` is made here. */
  readonly disks: readonly Omit<CheckDisk, "top">[];
  /** An existing directory on the host, for this attempt alone. */
  readonly directory: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly signal: AbortSignal;
};

/** Processes on the host end in order when the scope does, and not by the signal. */
const NEVER = new AbortController().signal;

// By its number, and by what its arguments name: on a stalled connection this runs when the files are gone already.
const KILL =
  '[ ! -s "$1" ] || kill -9 "$(cat "$1")"; for f in $(printf "file:%s" "$2" | grep -lzxF -f - /proc/[0-9]*/cmdline); do p=${f#/proc/}; kill -9 "${p%/*}"; done';

export async function launchQemu(options: QemuLaunch, watch: Watch): Promise<CheckRun | null> {
  const { host, vm, tools, directory, signal } = options;
  const serialFile = `${directory}/serial.log`;
  const pidFile = `${directory}/qemu.pid`;
  const disks = await makeTops(options, { vm, qemuImg: tools.qemuImg, disks: options.disks });
  const firmware = await copyVars(options, tools.firmware);
  signal.throwIfAborted();
  await using opening = new AsyncDisposableStack();
  const follower = opening.use(
    await followFile(host, { serialFile, atEnd: ["sh", "-c", KILL, "sh", pidFile, serialFile] }),
  );
  follower.process.stdout.on("data", (bytes: Buffer) => watch.bytes(bytes));
  const argv = renderCheckArgv({
    qemu: tools.qemu,
    vm,
    accelerator: options.accelerator,
    disks,
    firmware,
    serialFile,
    pidFile,
    memoryBytes: options.memoryBytes,
    vcpus: options.vcpus,
  });
  const qemu = opening.use(await host.spawn(argv, { signal: NEVER }));
  void qemu.exited.then((code) => watch.exited(exitWords(qemu, code)));
  const onAbort = (): void => void qemu[Symbol.asyncDispose](); // then it greets no more
  signal.addEventListener("abort", onAbort, { once: true });
  const qmp = await connect(qemu, watch).finally(() => signal.removeEventListener("abort", onAbort));
  if (qmp === null) return null;
  const resources = opening.move();
  return {
    activity: () => readActivity(qmp),
    screenText: () => readScreen(options, qmp),
    screenshotPng: () => picture(options, qmp),
    type: (keys) => typeKeys(qmp, keys),
    async [Symbol.asyncDispose]() {
      await quit(qmp, qemu);
      await resources.disposeAsync();
    },
  };
}

/** null: QEMU ended before it greeted, which the watch tells. */
async function connect(qemu: HostProcess, watch: Watch): Promise<Qmp | null> {
  try {
    return await openQmp({
      input: qemu.stdout,
      output: qemu.stdin,
      onEvent: (event) => watch.event(event),
    });
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    if (error.kind !== "Closed") watch.exited(`${error.message}. ${qemu.stderrTail()}`);
    return null;
  }
}

function exitWords(qemu: HostProcess, code: number | null): string {
  const words = lastWords(qemu.stderrTail(), { lines: 3 });
  return words === "" ? `exit code ${code ?? "none"}` : words;
}

/** [] where it cannot be read, or is a picture. */
async function readScreen({ host, directory }: QemuLaunch, qmp: Qmp): Promise<readonly string[]> {
  const filename = `${directory}/text`;
  try {
    await qmp.execute("pmemsave", { val: TEXT_MEMORY.address, size: TEXT_MEMORY.sizeBytes, filename });
  } catch (error) {
    if (error instanceof QmpError) return [];
    throw error;
  }
  const memory = await host.readFile(filename, { maxBytes: TEXT_MEMORY.sizeBytes });
  return memory === null ? [] : parseScreenText(memory).slice(-100);
}

async function readActivity(qmp: Qmp): Promise<number | null> {
  const stats = (await qmp.execute("query-blockstats")) as readonly {
    stats?: { rd_operations?: number; wr_operations?: number };
  }[];
  if (!Array.isArray(stats)) return null;
  let count = 0;
  for (const { stats: one } of stats) count += (one?.rd_operations ?? 0) + (one?.wr_operations ?? 0);
  return count;
}

/** One at a time: a keyboard's buffer is small, and an emulated CPU slow. */
const KEY_MS = 60;

async function typeKeys(qmp: Qmp, keys: readonly Key[]): Promise<void> {
  for (const { code, shift } of keys) {
    const held = [...(shift ? ["shift"] : []), code].map((data) => ({ type: "qcode", data }));
    await qmp.execute("send-key", { keys: held, "hold-time": KEY_MS });
    await new Promise((resolve) => setTimeout(resolve, 2 * KEY_MS));
  }
}

/** The screen at the end; a picture that cannot be taken is none, and no failure of the check. */
async function picture({ host, directory }: QemuLaunch, qmp: Qmp): Promise<Uint8Array | null> {
  const file = `${directory}/screen`;
  try {
    await qmp.execute("screendump", { filename: file, format: "png" });
    const png = await host.readFile(file, { maxBytes: 32 * 2 ** 20 });
    if (png !== null && isPng(png)) return png;
  } catch (error) {
    if (!(error instanceof QmpError)) throw error; // QEMU before 7.1, or without libpng
  }
  try {
    await qmp.execute("screendump", { filename: file });
    const ppm = await host.readFile(file, { maxBytes: 256 * 2 ** 20 });
    return ppm === null ? null : renderPng(parsePpm(ppm));
  } catch (error) {
    if (error instanceof QmpError || error instanceof RangeError) return null;
    throw error;
  }
}

async function quit(qmp: Qmp, qemu: HostProcess): Promise<void> {
  await qmp.execute("quit", {}, { timeoutMs: 5_000 }).catch((error: unknown) => {
    if (!(error instanceof QmpError)) throw error; // it closes before it answers
  });
  await Promise.race([qemu.exited, new Promise((resolve) => setTimeout(resolve, 5_000))]);
}
