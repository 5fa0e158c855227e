// SPDX-License-Identifier: Apache-2.0
// One start of a VM for the boot check: overlays, QEMU, its console and screen. Nothing of it stays on the host.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Host, type HostProcess, UserError, type VmModel } from "../core/index.ts";
import { type Accelerator, type CheckDisk, renderCheckArgv } from "./check-argv.ts";
import type { CheckTools } from "./check-host.ts";
import { type Ending, startWatch, type Watch } from "./check-watch.ts";
import type { ConsoleLines } from "./console-lines.ts";
import { isPng, parsePpm, renderPng } from "./png.ts";
import { parseScreenText, TEXT_MEMORY } from "./screen-text.ts";
import { openQmp, type Qmp, QmpError } from "./qmp.ts";

export type AttemptOptions = {
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
  readonly timeoutMs: number;
  readonly stallMs: number | null;
  readonly console: ConsoleLines;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
};

export type Attempt = {
  readonly ending: Ending;
  readonly sawKernel: boolean;
  readonly seconds: number;
  readonly screenshotPng: Uint8Array | null;
};

/** The login prompt follows the probe, since that waits for all units; a moment under TCG. */
const SETTLE_SCREEN_MS = 3_000;
const GRACE_MS = 8_000;
const ACTIVITY_MS = 5_000;
/** Processes on the host end in order when the scope does, and not by the signal. */
const NEVER = new AbortController().signal;

export async function attemptBoot(options: AttemptOptions): Promise<Attempt> {
  const { host, vm, directory, signal } = options;
  const serialFile = `${directory}/serial.log`;
  const pidFile = `${directory}/qemu.pid`;
  const disks = await makeTops(options);
  const firmware = await copyVars(options);
  signal.throwIfAborted();

  using watch = startWatch({
    console: options.console,
    timeoutMs: options.timeoutMs,
    stallMs: options.stallMs,
    graceMs: GRACE_MS,
    restartsAllowed: vm.firmware.kind === "uefi" ? 2 : 1,
    onLine: options.onLine,
  });
  await using follower = await followFile(host, { serialFile, pidFile });
  follower.process.stdout.on("data", (bytes: Buffer) => watch.bytes(bytes));
  const argv = renderCheckArgv({
    qemu: options.tools.qemu,
    vm,
    accelerator: options.accelerator,
    disks,
    firmware,
    serialFile,
    pidFile,
    memoryBytes: options.memoryBytes,
    vcpus: options.vcpus,
  });
  const begun = performance.now();
  await using qemu = await host.spawn(argv, { signal: NEVER });
  void qemu.exited.then((code) => watch.exited(exitWords(qemu, code)));
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const qmp = await Promise.race([connect(qemu, watch), aborted.promise]);
    using activity = everyMs(ACTIVITY_MS, () =>
      qmp === null ? Promise.resolve() : look(options, qmp, watch),
    );
    const ending = await Promise.race([watch.ending, aborted.promise]);
    const seconds = (performance.now() - begun) / 1000;
    activity[Symbol.dispose]();
    if (qmp !== null && ending.kind !== "probe" && !watch.sawKernel()) {
      const rows = await Promise.race([readScreen(options, qmp), aborted.promise]);
      if (rows.length > 0) options.console.push(Buffer.from(`\n[on the screen:]\n${rows.join("\n")}\n`));
    }
    const screenshotPng =
      qmp === null ? null : await picture(options, { qmp, ending, aborted: aborted.promise });
    if (qmp !== null) await quit(qmp, qemu);
    return { ending, sawKernel: watch.sawKernel(), seconds, screenshotPng };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
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
  const words = qemu.stderrTail().split("\n").slice(-3).join(" | ").slice(0, 500);
  return words === "" ? `exit code ${code ?? "none"}` : words;
}

async function makeTops({ host, vm, tools, disks, directory, signal }: AttemptOptions): Promise<CheckDisk[]> {
  const made: CheckDisk[] = [];
  for (const [index, disk] of disks.entries()) {
    const top = `${directory}/top-${index + 1}.qcow2`;
    const size = vm.disks[index]?.sizeBytes ?? 0;
    // QEMU works in sectors of 512; an image that does not end on one is padded by it.
    const argv = [tools.qemuImg, "create", "-q", "-f", "qcow2", top, `${Math.ceil(size / 512) * 512}`];
    await act(host, argv, signal);
    made.push({ ...disk, top });
  }
  return made;
}

async function copyVars({ host, tools, directory, signal }: AttemptOptions): Promise<CheckTools["firmware"]> {
  if (tools.firmware === null) return null;
  const vars = `${directory}/vars.fd`;
  await act(host, ["sh", "-c", 'cat "$1" > "$2"', "sh", tools.firmware.vars, vars], signal);
  return { code: tools.firmware.code, vars };
}

async function act(host: Host, argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { code, stderr } = await host.run(argv, { timeoutMs: 120_000, signal });
  if (code === 0) return;
  throw new UserError(
    "destination",
    "boot-check-files",
    `The boot check's throw-away files cannot be made on ${host.title}: ${stderr.trim().slice(-300)}`,
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
    "destination",
    "boot-check-files",
    `The boot probe cannot be written on ${host.title}: ${cat.stderrTail().slice(-300)}`,
    { advice: "Make room there, or run again with --no-boot-check" },
  );
}

// As long as we hold its stdin it shows the console file. When the connection is lost it ends QEMU, which would
// otherwise run on at the host for nobody. `cat` runs in the background so that a signal is taken at once.
const FOLLOW = [
  'umask 077; : > "$1"',
  "exec 3<&0",
  'tail -n +1 -f "$1" & t=$!',
  "cat <&3 >/dev/null & c=$!",
  'trap "exit 0" HUP INT TERM',
  `trap 'kill $t $c; [ ! -s "$2" ] || kill -9 "$(cat "$2")"' EXIT`,
  "wait $c",
].join("; ");

interface Follower extends AsyncDisposable {
  readonly process: HostProcess;
}

async function followFile(
  host: Host,
  { serialFile, pidFile }: { serialFile: string; pidFile: string },
): Promise<Follower> {
  const process = await host.spawn(["sh", "-c", FOLLOW, "sh", serialFile, pidFile], { signal: NEVER });
  return {
    process,
    async [Symbol.asyncDispose]() {
      process.stdin.end();
      await Promise.race([process.exited, sleep(3_000)]);
      await process[Symbol.asyncDispose]();
    },
  };
}

/** While the serial port is silent. */
async function look(options: AttemptOptions, qmp: Qmp, watch: Watch): Promise<void> {
  await readActivity(qmp, watch);
  if (!watch.sawKernel()) watch.screen(await readScreen(options, qmp));
}

/** [] where it cannot be read, or is a picture. */
async function readScreen({ host, directory }: AttemptOptions, qmp: Qmp): Promise<readonly string[]> {
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

async function readActivity(qmp: Qmp, watch: Watch): Promise<void> {
  const stats = (await qmp.execute("query-blockstats")) as readonly {
    stats?: { rd_operations?: number; wr_operations?: number };
  }[];
  if (!Array.isArray(stats)) return;
  let count = 0;
  for (const { stats: one } of stats) count += (one?.rd_operations ?? 0) + (one?.wr_operations ?? 0);
  watch.activity(count);
}

/** The screen at the end; a picture that cannot be taken is none, and no failure of the check. */
async function picture(
  { host, directory }: AttemptOptions,
  { qmp, ending, aborted }: { qmp: Qmp; ending: Ending; aborted: Promise<never> },
): Promise<Uint8Array | null> {
  if (ending.kind === "exited" || ending.kind === "stalled") return null;
  if (ending.kind === "probe") await Promise.race([sleep(SETTLE_SCREEN_MS), aborted]);
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
  await Promise.race([qemu.exited, sleep(5_000)]);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `act` again and again, one at a time; its QmpErrors are told elsewhere. */
function everyMs(ms: number, act: () => Promise<void>): Disposable {
  let timer: NodeJS.Timeout | null = null;
  let over = false;
  const next = (): void => {
    if (over) return;
    timer = setTimeout(() => void act().then(next, () => undefined), ms);
  };
  next();
  return {
    [Symbol.dispose]() {
      over = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
