// SPDX-License-Identifier: Apache-2.0
// How much memory is installed: the modules as the firmware lists them, the kernel's blocks, or what the kernel got.
import { type Known, known, unknown } from "../../core/index.ts";
import { parseSmbios } from "./smbios.ts";
import type { Sysroot } from "./sysroot.ts";
import { parseCount, parseHex } from "./text.ts";

const BLOCKS = "/sys/devices/system/memory";
const MAX_BLOCKS = 65_536;

export type MemorySources = {
  /** MemTotal: without what firmware and kernel keep for themselves. */
  readonly kernelBytes: number | null;
  /** Online blocks; their edges may cover holes. */
  readonly blockBytes: number | null;
  /** Sum of the modules in the SMBIOS tables (needs root). */
  readonly moduleBytes: number | null;
};

export async function readMemory(sysroot: Sysroot): Promise<Known<number>> {
  const smbios = await sysroot.bytes("/sys/firmware/dmi/tables/DMI");
  const bytes = chooseMemory({
    kernelBytes: parseMemTotal((await sysroot.text("/proc/meminfo")) ?? ""),
    blockBytes: await readBlocks(sysroot),
    moduleBytes: smbios === null ? null : parseSmbios(smbios).memoryBytes,
  });
  return bytes === null
    ? unknown("there is neither /proc/meminfo nor a list of memory blocks")
    : known(bytes);
}

/** What is a little above the kernel's own count is the truth; far above or below it something else was counted. */
export function chooseMemory({ kernelBytes, blockBytes, moduleBytes }: MemorySources): number | null {
  if (kernelBytes === null) return blockBytes ?? moduleBytes;
  const plausible = (bytes: number | null): bytes is number =>
    bytes !== null && bytes >= kernelBytes && bytes <= kernelBytes * 1.15 + 2 ** 30;
  if (plausible(moduleBytes)) return moduleBytes;
  return plausible(blockBytes) ? blockBytes : kernelBytes;
}

/** `MemTotal:       24684084 kB` (proc_meminfo(5): kB are KiB); null without that line, or for 0. */
export function parseMemTotal(text: string): number | null {
  const kib = parseCount(/^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1] ?? null, { max: 2 ** 42 });
  return kib === null || kib === 0 ? null : kib * 1024;
}

/** Kernel: Documentation/admin-guide/mm/memory-hotplug.rst; the block size is hexadecimal. */
async function readBlocks(sysroot: Sysroot): Promise<number | null> {
  const blockBytes = parseHex(await sysroot.text(`${BLOCKS}/block_size_bytes`));
  const names = ((await sysroot.list(BLOCKS)) ?? []).filter((name) => /^memory\d+$/.test(name));
  if (blockBytes === null || blockBytes === 0 || names.length > MAX_BLOCKS) return null;
  let online = 0;
  for (const name of names)
    if ((await sysroot.text(`${BLOCKS}/${name}/state`))?.trim() === "online") online += 1;
  const bytes = online * blockBytes;
  return bytes > 0 && bytes <= 2 ** 52 ? bytes : null;
}
