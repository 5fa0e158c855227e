// SPDX-License-Identifier: Apache-2.0
// This computer, or a recorded one, as a Machine. Read-only: nothing here opens a device for writing.
import type { Machine, NotKnown } from "../../core/index.ts";
import { readBlockDevices } from "./disks/block-devices.ts";
import { makeBlockGraph } from "./disks/block-graph.ts";
import { readClock } from "./clock.ts";
import { parseCpuInfo, readCpu } from "./cpu.ts";
import { readControllers } from "./controllers.ts";
import { readDmi } from "./dmi.ts";
import { readFirmware } from "./firmware.ts";
import { readMemory } from "./memory.ts";
import { readNics } from "./nics.ts";
import { openSysroot, type Sysroot } from "./sysroot.ts";
import { parseName } from "./text.ts";

/** Sizes in bytes. UserError where `sysroot` is not a directory with sys or proc in it. */
export async function inspectMachine({
  sysroot = "/",
  signal,
}: {
  sysroot?: string;
  signal: AbortSignal;
}): Promise<Machine> {
  return await readMachine(await openSysroot(sysroot), { signal });
}

export async function readMachine(sysroot: Sysroot, { signal }: { signal: AbortSignal }): Promise<Machine> {
  signal.throwIfAborted();
  const arch = await readArch(sysroot);
  const { nics, why } = await readNics(sysroot);
  const { devices, notKnown } = await readBlockDevices(sysroot, { signal });
  const lists: readonly NotKnown[] = [...(why === null ? [] : [{ about: "nics", why }]), ...notKnown];
  return {
    format: "machine/1",
    name: parseName(await sysroot.text("/proc/sys/kernel/hostname")) ?? "",
    arch,
    memoryBytes: await readMemory(sysroot),
    clock: await readClock(sysroot),
    firmware: await readFirmware(sysroot, arch),
    cpu: await readCpu(sysroot),
    dmi: await readDmi(sysroot),
    nics,
    controllers: await readControllers(sysroot),
    storage: makeBlockGraph(devices),
    ...(lists.length === 0 ? {} : { notKnown: lists }),
  };
}

/** The kernel's own word, since Linux 6.1; before, what the CPU can do or the kernel's release ends with. */
async function readArch(sysroot: Sysroot): Promise<string> {
  const told = parseName(await sysroot.text("/proc/sys/kernel/arch"));
  if (told !== null) return told;
  const version = (await sysroot.text("/proc/version")) ?? "";
  return guessArch(version, parseCpuInfo((await sysroot.text("/proc/cpuinfo")) ?? "").flags);
}

/** `unknown` where nothing tells. */
export function guessArch(version: string, flags: ReadonlySet<string>): string {
  if (flags.has("lm")) return "x86_64";
  if (flags.has("fpu")) return "i686";
  const [, arch] =
    /^Linux version \S*[._-](x86_64|amd64|aarch64|arm64|i686|ppc64le|s390x|riscv64)\b/.exec(version) ?? [];
  return arch === undefined ? "unknown" : ({ amd64: "x86_64", arm64: "aarch64" }[arch] ?? arch);
}
