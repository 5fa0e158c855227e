// SPDX-License-Identifier: Apache-2.0
// A file system that was unmounted here may be mounted still in another mount namespace: of a container, or of a service of systemd
// with PrivateMounts. The device is busy then, and nothing that `mount` prints says why.
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { deviceNumber, parseMountTable } from "../system/index.ts";

/** A process whose mount namespace has a file system of the device, or of a partition of it. */
export type MountedElsewhere = {
  readonly pid: number;
  /** As the kernel calls the program. */
  readonly program: string;
  readonly where: string;
};

/** The first one; null: none that can be seen, which for root are those of this pid namespace. */
export async function mountedElsewhere(device: string): Promise<MountedElsewhere | null> {
  const devnos = await numbersOf(device);
  const seen = new Set([await namespaceOf("self")]);
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const namespace = await namespaceOf(pid);
    if (namespace === null || seen.has(namespace)) continue;
    seen.add(namespace);
    const where = findMount(await readOf(pid, "mountinfo"), devnos);
    if (where !== null) return { pid: Number(pid), program: (await readOf(pid, "comm")).trim(), where };
  }
  return null;
}

/** proc_pid_mountinfo(5): the third field is `major:minor`. Pure. */
export function findMount(mountinfo: string, devnos: ReadonlySet<string>): string | null {
  for (const line of mountinfo.split("\n"))
    if (devnos.has(line.split(" ", 3)[2] ?? "")) return parseMountTable(line)[0]?.path ?? null;
  return null;
}

/** Of the device and its partitions. */
async function numbersOf(device: string): Promise<ReadonlySet<string>> {
  const own = deviceNumber((await stat(device)).rdev);
  const at = `/sys/dev/block/${own}`;
  const parts = await readdir(at).catch(() => []);
  const numbers = await Promise.all(
    parts.map((name) => readFile(`${at}/${name}/dev`, "utf8").catch(() => "")),
  );
  return new Set([own, ...numbers.map((text) => text.trim()).filter((text) => text !== "")]);
}

// A process may end while we look.
const namespaceOf = (pid: string): Promise<string | null> =>
  readlink(`/proc/${pid}/ns/mnt`).catch(() => null);
const readOf = (pid: string, name: string): Promise<string> =>
  readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
