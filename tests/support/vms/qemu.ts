// SPDX-License-Identifier: Apache-2.0
// Boots a disk in a virtual machine and watches its serial console and its text screen. Disks are never written.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endTree } from "../../../lab/processes.ts";
import { type Qmp, connectQmp } from "../../../lab/qmp.ts";

export type VmDisk = {
  readonly path: string;
  /** `ide` is PIIX on machine pc, AHCI on q35. */
  readonly bus: "virtio" | "ide";
  /** Default `raw`. */
  readonly format?: "raw" | "qcow2";
};

export type BootOptions = {
  readonly disks: readonly VmDisk[];
  readonly nic?: {
    readonly model: "virtio-net-pci" | "e1000" | "e1000e";
    readonly mac: string;
    /** q35 only, 1 to 4: behind a root port, so that udev names it `enp<bus>s0`. */
    readonly pciBus?: number;
  };
  /** Default `pc`. */
  readonly machine?: "pc" | "q35";
  /** Default 1024. */
  readonly memoryMb?: number;
  readonly timeoutMs: number;
  /** Ends the run when the serial console matches. */
  readonly until?: RegExp;
  /** Typed on the keyboard, in this order, each when the screen matches; only then is `untilScreen` looked at. */
  readonly typing?: readonly { readonly when: RegExp; readonly text: string }[];
  /** Ends the run when the screen (80x25 text, lines joined by \n) matches. */
  readonly untilScreen?: RegExp;
  /** A PNG of the screen at the end is written here. */
  readonly screenshotPath?: string;
  /** Further arguments, such as `-kernel`. */
  readonly moreArgs?: readonly string[];
  readonly signal: AbortSignal;
};

export type BootResult = {
  /** `seen`: one of the patterns matched; `ended`: QEMU ended by itself; `timeout` otherwise. */
  readonly end: "seen" | "ended" | "timeout";
  readonly seconds: number;
  /** What came over the serial line. */
  readonly console: string;
  /** The text screen as it was at the end; "" where the guest left text mode. */
  readonly screen: string;
};

/**
 * Boots under TCG with a card (ATI Rage 128) for which distributions load no driver: the screen stays 80x25 text.
 * An ISA card would too, but its firmware hangs on q35.
 */
export async function bootVm(options: BootOptions): Promise<BootResult> {
  options.signal.throwIfAborted();
  const directory = await mkdtemp(join(tmpdir(), "p2v-vm-"));
  const begun = performance.now();
  const child = spawn("qemu-system-x86_64", renderArgs(options, join(directory, "qmp")), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: directory }, // where -snapshot keeps what the guest writes
  });
  const killHard = (): void => void child.kill("SIGKILL");
  process.once("exit", killHard);
  let text = "";
  let complaint = "";
  child.stdout.on("data", (part: Buffer) => (text += part.toString("latin1")));
  child.stderr.on("data", (part: Buffer) => (complaint += part.toString()));
  const gone = new AbortController();
  child.once("error", (error) => gone.abort(error));
  child.once("exit", () => gone.abort(new Error(`QEMU ended: ${complaint.trim()}`)));
  try {
    using qmp = await connectQmp(join(directory, "qmp"), {
      signal: AbortSignal.any([options.signal, gone.signal]),
    });
    let screen = "";
    let end: BootResult["end"] = "timeout";
    const typing = [...(options.typing ?? [])];
    while (performance.now() - begun < options.timeoutMs) {
      options.signal.throwIfAborted();
      if (gone.signal.aborted) {
        end = "ended";
        break;
      }
      screen = await readScreen(qmp, join(directory, "vga")).catch(() => screen);
      const next = typing[0];
      const seenOnScreen = next === undefined && options.untilScreen?.test(screen) === true;
      if (options.until?.test(text) === true || seenOnScreen) {
        end = "seen";
        break;
      }
      if (next?.when.test(screen) === true) {
        await typeText(qmp, next.text);
        typing.shift();
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const seconds = (performance.now() - begun) / 1000;
    if (options.screenshotPath !== undefined && end !== "ended")
      await qmp.execute("screendump", { filename: options.screenshotPath, format: "png" });
    return { end, seconds, console: text, screen };
  } finally {
    await endTree(child);
    process.off("exit", killHard);
    await rm(directory, { recursive: true, force: true });
  }
}

function renderArgs(options: BootOptions, qmpPath: string): string[] {
  const { disks, nic, machine = "pc", memoryMb = 1024, moreArgs = [] } = options;
  const args = ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", `${memoryMb}`, "-M", machine];
  args.push("-nodefaults", "-no-user-config", "-display", "none", "-vga", "none", "-device", "ati-vga");
  args.push("-serial", "stdio", "-monitor", "none", "-qmp", `unix:${qmpPath},server=on,wait=off`);
  args.push("-snapshot");
  for (const [index, disk] of disks.entries()) {
    // A comma in a file name is written twice.
    const file = disk.path.replaceAll(",", ",,");
    args.push("-drive", `file=${file},format=${disk.format ?? "raw"},if=none,id=d${index},cache=unsafe`);
    const device = disk.bus === "virtio" ? "virtio-blk-pci" : "ide-hd";
    args.push("-device", `${device},drive=d${index},bootindex=${index}`);
  }
  const bus = nic?.pciBus ?? 0;
  // Root ports get bus numbers in the order of their slots.
  for (let port = 1; port <= bus; port += 1)
    args.push("-device", `pcie-root-port,id=port${port},chassis=${port},addr=${8 + port}`);
  if (nic !== undefined) {
    args.push("-netdev", "user,id=n0,restrict=on");
    args.push("-device", `${nic.model},netdev=n0,mac=${nic.mac},romfile=${bus > 0 ? `,bus=port${bus}` : ""}`);
  }
  return [...args, ...moreArgs];
}

const KEYS: Readonly<Record<string, string>> = {
  " ": "spc",
  "\n": "ret",
  "-": "minus",
  "/": "slash",
  ".": "dot",
  ";": "semicolon",
  "=": "equal",
};

/** Letters a to z, digits, and the keys above, on a US keyboard. */
async function typeText(qmp: Qmp, text: string): Promise<void> {
  for (const character of text) {
    const key = /[a-z0-9]/.test(character) ? character : KEYS[character];
    if (key === undefined) throw new TypeError(`There is no key for ${JSON.stringify(character)}`);
    await qmp.execute("send-key", { keys: [{ type: "qcode", data: key }], "hold-time": 20 });
    await new Promise((resolve) => setTimeout(resolve, 60)); // QEMU's queue is short
  }
}

/** VGA text memory (0xb8000): 80 x 25 cells of character and colour. */
async function readScreen(qmp: Qmp, scratch: string): Promise<string> {
  await qmp.execute("pmemsave", { val: 0xb8000, size: 4000, filename: scratch });
  const cells = await readFile(scratch);
  const rows = Array.from({ length: 25 }, (_, row) => {
    const codes = Array.from({ length: 80 }, (_, column) => cells[(row * 80 + column) * 2] ?? 32);
    return codes
      .map((code) => (code >= 32 && code < 127 ? String.fromCharCode(code) : " "))
      .join("")
      .trimEnd();
  });
  return rows.join("\n").trimEnd();
}
