// SPDX-License-Identifier: Apache-2.0
// Sockets, cores and threads as lscpu counts them, the model, and the x86-64 level.
import { type Cpu, cpuLevelOf, type Known, known, unknown } from "../../core/index.ts";
import type { Sysroot } from "./sysroot.ts";
import { parseCount, parseName } from "./text.ts";

const CPUS = "/sys/devices/system/cpu";
/** Linux is built for at most 8,192 CPUs. */
const MAX_CPUS = 8192;

/** One logical CPU. `core` and `socket` are equal for those that share one; null: not told. */
export type LogicalCpu = { readonly core: string | null; readonly socket: string | null };

export type CpuInfo = {
  readonly cpus: readonly LogicalCpu[];
  readonly model: string | null;
  readonly flags: ReadonlySet<string>;
};

export async function readCpu(sysroot: Sysroot): Promise<Known<Cpu>> {
  const info = parseCpuInfo((await sysroot.text("/proc/cpuinfo")) ?? "");
  const numbers = await readOnline(sysroot);
  if (numbers === null && info.cpus.length === 0 && info.model === null)
    return unknown(`there is neither ${CPUS} nor /proc/cpuinfo`);
  const cpus: LogicalCpu[] = [];
  for (const number of numbers ?? []) cpus.push(await readLogicalCpu(sysroot, number));
  // A kernel without topology in sysfs still numbers the CPUs there.
  const told = cpus.some(({ core }) => core !== null) ? cpus : info.cpus.length > 0 ? info.cpus : cpus;
  return known({
    ...countCpus(told, numbers?.length ?? null),
    model: info.model === null ? unknown("/proc/cpuinfo names no model") : known(info.model),
    level: cpuLevelOf(info.flags),
  });
}

async function readOnline(sysroot: Sysroot): Promise<readonly number[] | null> {
  for (const name of ["online", "present"]) {
    const numbers = parseCpuList((await sysroot.text(`${CPUS}/${name}`)) ?? "");
    if (numbers !== null) return numbers;
  }
  const numbers = ((await sysroot.list(CPUS)) ?? [])
    .map((name) => (name.startsWith("cpu") ? parseCount(name.slice(3), { max: MAX_CPUS - 1 }) : null))
    .filter((number) => number !== null);
  return numbers.length === 0 ? null : numbers;
}

/** The kernel's masks say who shares a core or package; ids are unique only within the package. */
async function readLogicalCpu(sysroot: Sysroot, number: number): Promise<LogicalCpu> {
  const read = async (name: string): Promise<string | null> =>
    parseName(await sysroot.text(`${CPUS}/cpu${number}/topology/${name}`));
  const [packageId, coreId] = [await read("physical_package_id"), await read("core_id")];
  const socket = (await read("package_cpus")) ?? (await read("core_siblings")) ?? packageId;
  const core = (await read("core_cpus")) ?? (await read("thread_siblings"));
  return { socket, core: core ?? (coreId === null ? null : `${socket}/${coreId}`) };
}

/** Counts of the whole machine. A CPU that tells no core makes the count of cores unknown. */
export function countCpus(
  cpus: readonly LogicalCpu[],
  online: number | null,
): Pick<Cpu, "sockets" | "cores" | "threads"> {
  const threads = online ?? cpus.length;
  const distinct = (values: readonly (string | null)[]): Known<number> =>
    values.length === 0 || values.includes(null)
      ? unknown("neither sysfs nor /proc/cpuinfo tells the topology")
      : known(new Set(values).size);
  return {
    sockets: distinct(cpus.map(({ socket }) => socket)),
    cores: distinct(cpus.map(({ core }) => core)),
    threads: threads === 0 ? unknown("no CPU is listed") : known(threads),
  };
}

/** `0-3,8,10-11` (kernel: Documentation/admin-guide/cputopology.rst); null where it is no such list. */
export function parseCpuList(text: string): readonly number[] | null {
  const numbers = new Set<number>();
  const list = text.trim();
  if (list === "" || list.length > 65_536) return null;
  for (const part of list.split(",")) {
    const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === "" || to < from || to >= MAX_CPUS) return null;
    for (let number = from; number <= to; number += 1) numbers.add(number);
  }
  return [...numbers].toSorted((a, b) => a - b);
}

/** Blocks of `key : value` lines, one block for each logical CPU. */
export function parseCpuInfo(text: string): CpuInfo {
  const cpus: LogicalCpu[] = [];
  let [model, flags]: [string | null, ReadonlySet<string>] = [null, new Set()];
  for (const block of text.split(/\n\s*\n/, MAX_CPUS)) {
    const values = new Map<string, string>();
    for (const line of block.split("\n")) {
      const cut = line.indexOf(":");
      if (cut > 0) values.set(line.slice(0, cut).trim(), line.slice(cut + 1).trim());
    }
    model ??= parseName(values.get("model name") ?? null);
    if (flags.size === 0) flags = new Set((values.get("flags") ?? "").split(/\s+/).filter(Boolean));
    if (!values.has("processor")) continue;
    const socket = values.get("physical id") ?? null;
    const core = values.get("core id");
    cpus.push({ socket, core: socket === null || core === undefined ? null : `${socket}/${core}` });
  }
  return { cpus, model, flags };
}
