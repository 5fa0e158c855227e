// SPDX-License-Identifier: Apache-2.0
// Starts the live CD in QEMU, with a serial line to read and to type on. The medium is never written.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { endTree } from "../../../lab/processes.ts";
import { connectQmp, type Qmp } from "../../../lab/qmp.ts";

export type LiveVmOptions = {
  readonly iso: string;
  /** How the firmware meets the medium. `secure-boot` is a stick in UEFI with Microsoft's keys. */
  readonly boot: "bios-cd" | "bios-usb" | "uefi-cd" | "uefi-usb" | "secure-boot" | "kernel" | "pxe";
  /** Only with `pxe`: the tree of iso pxe, which QEMU's own DHCP and TFTP give out. There is no medium then. */
  readonly tree?: string;
  /** Only with `kernel`: further words of the kernel command line. */
  readonly parameters?: string;
  readonly memoryMb?: number;
  /** SATA, writable for the VM. */
  readonly disks?: readonly string[];
  /** virtio, read-only for the VM. */
  readonly readOnlyDisks?: readonly string[];
  readonly nic?: string;
  readonly moreArgs?: readonly string[];
  readonly signal: AbortSignal;
};

export interface LiveVm extends AsyncDisposable {
  /** All that came over the serial line. */
  console(): string;
  /** The same with its control sequences; for what came after `from`. */
  raw(from: number): string;
  type(text: string): void;
  /** Takes the CD out of its drive, whatever the guest says. */
  eject(): Promise<void>;
  /** QEMU's own word on what happens to the machine. */
  monitor(): Promise<Qmp>;
  /** Seconds from the start until the console matched. Error with the console's end when it did not, or QEMU ended. */
  see(pattern: RegExp, options: { timeoutMs: number }): Promise<number>;
  /** Waits until the machine has powered itself off. */
  poweredOff(options: { timeoutMs: number }): Promise<number>;
}

/** Presses Enter at the prompt that stands on the serial line, and sees the wizard's first page. */
export async function reachWizard(vm: LiveVm): Promise<void> {
  vm.type("\n");
  await vm.see(/-Welcome-/, { timeoutMs: 60_000 });
}

/** From the first page back to the prompt. */
export async function leaveWizard(vm: LiveVm): Promise<void> {
  vm.type("\u001b");
  await vm.see(/-Leave the wizard\?-/, { timeoutMs: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 2000)); // dialog draws first, and reads then
  vm.type("\u001b[B");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  vm.type("\r");
  await vm.see(/-Leave the wizard\?-[^]*Enter for the wizard/, { timeoutMs: 60_000 });
}

/** A small read-only disk with files of this computer, for the VM. */
export async function makeFilesDisk(
  path: string,
  directory: string,
  { sizeMb, label = "" }: { sizeMb: number; label?: string },
): Promise<void> {
  const argv = ["mkfs.ext4", "-q", "-O", "^has_journal", "-L", label, "-d", directory, path, `${sizeMb}M`];
  await run(argv, { timeoutMs: 120_000 });
}

/** TCG: where KVM opens but hangs, a test that trusts it would hang too. */
export async function startLiveVm(options: LiveVmOptions): Promise<LiveVm> {
  options.signal.throwIfAborted();
  const directory = await mkdtemp(join(tmpdir(), "p2v-live-"));
  const begun = performance.now();
  const child = spawn("qemu-system-x86_64", await renderArgs(options, directory), {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: directory },
  });
  const killHard = (): void => void child.kill("SIGKILL");
  process.once("exit", killHard);
  options.signal.addEventListener("abort", killHard, { once: true });
  let text = "";
  let complaint = "";
  let ended = false;
  child.stdout.on("data", (part: Buffer) => (text += part.toString("latin1")));
  child.stderr.on("data", (part: Buffer) => (complaint += part.toString()));
  child.stdin.on("error", () => undefined);
  child.once("error", (error) => {
    complaint += error.message;
    ended = true;
  });
  child.once("exit", () => (ended = true));
  const seconds = (): number => (performance.now() - begun) / 1000;
  let isAnew = false;
  const startAnew = async (): Promise<void> => {
    if (isAnew || !EMULATORS_FAULT.test(text)) return;
    isAnew = true;
    using qmp = await connectQmp(join(directory, "qmp.sock"), options);
    await qmp.execute("system_reset");
  };
  const until = async (what: string, done: () => boolean, timeoutMs: number): Promise<number> => {
    for (const end = performance.now() + timeoutMs; ; ) {
      options.signal.throwIfAborted();
      if (done()) return seconds();
      await startAnew();
      if (ended || performance.now() > end) {
        const state = ended ? "" : await describeMachine(join(directory, "qmp.sock"));
        throw new Error(
          `${ended ? "QEMU ended" : "Time is up"} before ${what}: ${complaint}\n${readable(text).slice(-4000)}\n${state}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  return {
    console: () => readable(text),
    raw: (from) => text.slice(from),
    type: (words) => void child.stdin.write(words),
    monitor: () => connectQmp(join(directory, "qmp.sock"), options),
    eject: async () => {
      using qmp = await connectQmp(join(directory, "qmp.sock"), options);
      await qmp.execute("eject", { id: "cd", force: true });
    },
    see: (pattern, { timeoutMs }) => until(`${pattern}`, () => pattern.test(readable(text)), timeoutMs),
    poweredOff: ({ timeoutMs }) =>
      until("power-off", () => ended && complaint === "", timeoutMs).then((time) => {
        if (child.exitCode !== 0) throw new Error(`QEMU ended with ${child.exitCode}: ${complaint}`);
        return time;
      }),
    async [Symbol.asyncDispose]() {
      await endTree(child);
      process.off("exit", killHard);
      options.signal.removeEventListener("abort", killHard);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * QEMU translates in several threads, and now and then one runs code that the kernel patches in another (int3 in front, then the
 * rest): an oops that no machine has. Seen once in some hundred starts; such a machine is started anew, once.
 */
const EMULATORS_FAULT = /Oops: int3: 0000[^]*Kernel panic/;

/** What a machine that says no more does, twice, as QEMU sees it: its processors stand still, go round, or read the medium. */
async function describeMachine(socket: string): Promise<string> {
  const words: string[] = [];
  try {
    using qmp = await connectQmp(socket, { signal: AbortSignal.timeout(60_000) });
    setTimeout(() => qmp[Symbol.dispose](), 20_000).unref();
    for (const pauseMs of [0, 2000]) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      for (const command of ["info status", "info registers -a", "info blockstats"])
        words.push(String(await qmp.execute("human-monitor-command", { "command-line": command })));
    }
  } catch (error) {
    words.push(`QEMU does not say more: ${String(error)}`);
  }
  return words
    .join("")
    .replaceAll("\r", "")
    .replaceAll(/^(?:[XY]MM|FPR|FCW|MXCSR|DR\d).*\n/gm, "");
}

/** Without cursor movements and carriage returns. */
function readable(text: string): string {
  return text.replace(CONTROL, "").replaceAll("\r", "");
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /\u001b(?:\[[0-9;?!]*[A-Za-z]|\].*?(?:\u0007|\u001b\\)|[()][A-Z0-9]|[c=>])/g;

const OVMF = "/usr/share/OVMF";

async function renderArgs(options: LiveVmOptions, directory: string): Promise<string[]> {
  const { iso, boot, memoryMb = 1024, disks = [], readOnlyDisks = [], nic, moreArgs = [] } = options;
  const secure = boot === "secure-boot";
  const args = ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", `${memoryMb}`];
  args.push("-M", secure ? "q35,smm=on" : "q35", "-nodefaults", "-no-user-config", "-no-reboot");
  args.push("-display", "none", "-vga", "std", "-serial", "stdio", "-monitor", "none");
  args.push("-qmp", `unix:${join(directory, "qmp.sock")},server=on,wait=off`);
  const file = iso.replaceAll(",", ",,");
  if (boot.startsWith("uefi") || secure) {
    const vars = join(directory, "vars.fd");
    await run(["cp", join(OVMF, secure ? "OVMF_VARS_4M.ms.fd" : "OVMF_VARS_4M.fd"), vars]);
    const firmware = join(OVMF, secure ? "OVMF_CODE_4M.secboot.fd" : "OVMF_CODE_4M.fd");
    if (secure) args.push("-global", "driver=cfi.pflash01,property=secure,value=on");
    args.push("-drive", `if=pflash,format=raw,unit=0,file=${firmware},readonly=on`);
    args.push("-drive", `if=pflash,format=raw,unit=1,file=${vars}`);
  }
  if (boot === "pxe") {
    const served = (options.tree ?? "").replaceAll(",", ",,");
    args.push("-netdev", `user,id=boot,tftp=${served},bootfile=virt-p2v.ipxe`);
    args.push("-device", "e1000,netdev=boot,bootindex=0");
  } else if (boot.endsWith("usb") || secure) {
    args.push("-device", "qemu-xhci", "-drive", `file=${file},format=raw,if=none,id=medium,snapshot=on`);
    args.push("-device", "usb-storage,drive=medium,bootindex=0,removable=on");
  } else {
    args.push("-drive", `file=${file},format=raw,media=cdrom,if=none,id=medium,readonly=on`);
    args.push("-device", `ide-cd,id=cd,drive=medium,bus=ide.0${boot === "kernel" ? "" : ",bootindex=0"}`);
  }
  if (boot === "kernel") {
    for (const name of ["vmlinuz", "initrd.img"])
      await run([
        "xorriso",
        "-osirrox",
        "on",
        "-indev",
        iso,
        "-extract",
        `/live/${name}`,
        join(directory, name),
      ]);
    const menu = join(directory, "grub.cfg");
    await run(["xorriso", "-osirrox", "on", "-indev", iso, "-extract", "/boot/grub/grub.cfg", menu]);
    const common = /^set common="(.*)"$/m.exec((await run(["cat", menu])).stdout)?.[1] ?? "";
    args.push("-kernel", join(directory, "vmlinuz"), "-initrd", join(directory, "initrd.img"));
    args.push("-append", `${common} quiet loglevel=3 ${options.parameters ?? ""}`);
  }
  for (const [index, path] of disks.entries()) {
    args.push("-drive", `file=${path.replaceAll(",", ",,")},format=raw,if=none,id=disk${index},cache=unsafe`);
    args.push("-device", `ide-hd,drive=disk${index},bus=ide.${index + 1},serial=P2VDISK${index}`);
  }
  for (const path of readOnlyDisks)
    args.push("-drive", `file=${path.replaceAll(",", ",,")},format=raw,if=virtio,readonly=on`);
  if (nic !== undefined) args.push("-netdev", "user,id=net", "-device", `${nic},netdev=net,romfile=`);
  return [...args, ...moreArgs];
}
