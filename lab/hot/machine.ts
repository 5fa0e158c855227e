// SPDX-License-Identifier: Apache-2.0
// A server that runs in QEMU (TCG): its console, what its load says is on its disk, and ssh to it.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/system/index.ts";
import { endTree } from "../processes.ts";
import { connectQmp, type Qmp } from "../qmp.ts";
import { freePort } from "../sshd.ts";
import { BUSY, type HotDisk } from "./disk.ts";

export type MachineOptions = {
  /** Written, but for `discardsWrites`. */
  readonly image: string;
  readonly disk: HotDisk;
  /** `server`: IDE, the only such driver of its kernel, and its load runs. `vm`: virtio, and nothing is written but by the system itself, to be thrown away. */
  readonly as: "server" | "vm";
  readonly memoryMb?: number;
  readonly signal: AbortSignal;
};

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export interface Machine extends AsyncDisposable {
  /** All that came over the first serial line, without control sequences. */
  console(): Promise<string>;
  /** What came over the second: the last turn of each kind and key, such as `file 7`. */
  said(): Promise<ReadonlyMap<string, number>>;
  /** A program of the server, as root. Each line of its output is handed on as it comes. */
  ssh(
    argv: readonly string[],
    options?: { allowCodes?: readonly number[]; timeoutMs?: number; onLine?: (line: string) => void },
  ): Promise<Ran>;
  /** Files and directories of this computer into root's home, or where `to` says. */
  put(from: readonly string[], to?: string): Promise<void>;
  /** Waits until ssh answers. */
  reach(options: { timeoutMs: number }): Promise<void>;
  /** Waits until its load has done something of each kind since now. */
  busy(options: { timeoutMs: number }): Promise<void>;
  /** Waits until the console, from `from` characters on, matches. An error with its end when it did not, or QEMU ended. */
  see(pattern: RegExp, options: { timeoutMs: number; from?: number }): Promise<void>;
  /** As if the button was pressed: nothing is stopped or written. */
  reset(): Promise<void>;
  monitor(): Promise<Qmp>;
  poweredOff(options: { timeoutMs: number }): Promise<void>;
}

const SERVER_MAC = "52:54:00:4b:10:5c";

export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { disk, signal } = options;
  signal.throwIfAborted();
  const directory = await mkdtemp(join(tmpdir(), "p2v-hot-"));
  const at = (name: string): string => join(directory, name);
  const port = await freePort();
  await writeFile(at("known_hosts"), `[127.0.0.1]:${port} ${disk.hostKey}\n`);
  await writeFile(at("ssh_config"), renderClient({ at, port, keyPath: disk.keyPath }));
  const child = spawn("qemu-system-x86_64", renderArgs(options, { at, port }), {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TMPDIR: directory }, // where -snapshot keeps what the guest writes
  });
  const killHard = (): void => void child.kill("SIGKILL");
  process.once("exit", killHard);
  signal.addEventListener("abort", killHard, { once: true });
  let complaint = "";
  let isOver = false;
  child.stderr.on("data", (part: Buffer) => (complaint += part.toString()));
  child.once("error", (error) => {
    complaint += error.message;
    isOver = true;
  });
  child.once("exit", () => (isOver = true));
  const read = (name: string): Promise<string> => readFile(at(name), "latin1").catch(() => "");
  const console = async (): Promise<string> => readable(await read("console"));
  const said = async (): Promise<ReadonlyMap<string, number>> => parseSaid(await read("said"));
  const until = async (what: string, done: () => Promise<boolean>, timeoutMs: number): Promise<void> => {
    for (const end = performance.now() + timeoutMs; ; await pause(300)) {
      signal.throwIfAborted();
      const wasOver = isOver;
      if (await done()) return;
      if (wasOver || performance.now() > end)
        throw new Error(
          `${wasOver ? "QEMU ended" : "Time is up"} before ${what}: ${complaint}\n${(await console()).slice(-4000)}`,
        );
    }
  };
  const ssh: Machine["ssh"] = (argv, { allowCodes = [], timeoutMs = 600_000, onLine } = {}) =>
    runOver(at("ssh_config"), argv, {
      allowCodes,
      timeoutMs,
      signal,
      ...(onLine === undefined ? {} : { onLine }),
    });
  return {
    console,
    said,
    ssh,
    async put(from, to = "") {
      await run(["scp", "-q", "-r", "-F", at("ssh_config"), ...from, `server:${to}`], {
        signal,
        timeoutMs: 600_000,
      });
    },
    reach: ({ timeoutMs }) =>
      until("ssh", async () => (await ssh(["true"], { allowCodes: [255] })).code === 0, timeoutMs),
    async busy({ timeoutMs }) {
      const before = lastTurns(await said());
      const isPast = (now: ReadonlyMap<string, number>): boolean =>
        KINDS.every((kind) => (now.get(kind) ?? 0) > (before.get(kind) ?? 0));
      await until("the load", async () => isPast(lastTurns(await said())), timeoutMs);
    },
    see: (pattern, { timeoutMs, from = 0 }) =>
      until(`${pattern}`, async () => pattern.test((await console()).slice(from)), timeoutMs),
    async reset() {
      using qmp = await connectQmp(at("qmp"), { signal });
      await qmp.execute("system_reset");
    },
    monitor: () => connectQmp(at("qmp"), { signal }),
    async poweredOff({ timeoutMs }) {
      await until("power-off", async () => isOver, timeoutMs);
      if (child.exitCode !== 0) throw new Error(`QEMU ended with ${child.exitCode}: ${complaint}`);
    },
    async [Symbol.asyncDispose]() {
      await endTree(child);
      process.off("exit", killHard);
      signal.removeEventListener("abort", killHard);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Exit code 255 is of ssh itself. */
function runOver(
  config: string,
  argv: readonly string[],
  {
    allowCodes,
    timeoutMs,
    signal,
    onLine = () => undefined,
  }: {
    allowCodes: readonly number[];
    timeoutMs: number;
    signal: AbortSignal;
    onLine?: (line: string) => void;
  },
): Promise<Ran> {
  const words = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", ["-F", config, "server", words], { stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    const onAbort = (): void => void child.kill("SIGKILL");
    signal.addEventListener("abort", onAbort, { once: true });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      let rest = "";
      child[name].on("data", (part: Buffer) => {
        texts[name] += part.toString();
        const lines = (rest + part.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (code === 0 || (code !== null && allowCodes.includes(code))) resolve({ code, ...texts });
      else
        reject(
          new Error(
            `${words}: ended with ${code}\n${texts.stdout.slice(-2000)}\n${texts.stderr.slice(-4000)}`,
          ),
        );
    });
  });
}

type Places = { readonly at: (name: string) => string; readonly port: number };

function renderClient({ at, port, keyPath }: Places & { keyPath: string }): string {
  return `Host server
  HostName 127.0.0.1
  Port ${port}
  User root
  IdentityFile ${keyPath}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${at("known_hosts")}
  GlobalKnownHostsFile /dev/null
  BatchMode yes
  ConnectTimeout 20
  ServerAliveInterval 15
  ServerAliveCountMax 8
  LogLevel ERROR
`;
}

function renderArgs({ image, as, memoryMb = 3072 }: MachineOptions, { at, port }: Places): string[] {
  const args = ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", `${memoryMb}`, "-M", "pc"];
  args.push("-nodefaults", "-no-user-config", "-display", "none", "-vga", "std", "-monitor", "none");
  args.push("-serial", `file:${at("console")}`, "-serial", `file:${at("said")}`);
  args.push("-qmp", `unix:${at("qmp")},server=on,wait=off`);
  const file = `file=${image.replaceAll(",", ",,")},format=raw,if=none,id=disk,cache=unsafe,discard=unmap`;
  args.push("-drive", as === "vm" ? `${file},snapshot=on` : file);
  args.push(
    "-device",
    as === "vm" ? "virtio-blk-pci,drive=disk,addr=5" : "ide-hd,drive=disk,bus=ide.0,serial=KIOSK1",
  );
  if (as === "server") args.push("-smbios", `type=1,family=${BUSY}`);
  args.push("-netdev", `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`);
  args.push("-device", `virtio-net-pci,netdev=net,addr=3,mac=${SERVER_MAC},romfile=`);
  return args;
}

function parseSaid(text: string): ReadonlyMap<string, number> {
  const said = new Map<string, number>();
  // The last line may still be on its way; after a jump, the live system speaks on this line, too.
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    if (line.startsWith("broken ")) throw new Error(`The server's load ended: ${line}`);
    const [, kind = "", key = "", turn = ""] = /^(\w+) (\d+) (\d+)\r?$/.exec(line) ?? [];
    if (KINDS.includes(kind) || kind === "ended") said.set(`${kind} ${key}`, Number(turn));
  }
  return said;
}

/** Of load.py. */
const KINDS = ["shop", "ledger", "file", "log", "page"];

/** The last turn of each kind. */
function lastTurns(said: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const [what, turn] of said) {
    const kind = what.split(" ")[0] ?? "";
    last.set(kind, Math.max(last.get(kind) ?? 0, turn));
  }
  return last;
}

/** Without cursor movements and carriage returns. */
function readable(text: string): string {
  return text.replace(CONTROL, "").replaceAll("\r", "");
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /\u001b(?:\[[0-9;?!]*[A-Za-z]|\].*?(?:\u0007|\u001b\\)|[()][A-Z0-9]|[c=>])/g;
