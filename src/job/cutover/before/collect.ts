// SPDX-License-Identifier: Apache-2.0
// Reads what is to be known of this server. Writes nothing, decides nothing.
import { lookup } from "node:dns/promises";
import { access, constants, readdir, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { arch } from "node:os";
import { join } from "node:path";
import type { Machine } from "../../../core/index.ts";
import { parseRunning, type RunningNetwork } from "../../../network/index.ts";
import { readBounded, run } from "../../../system/index.ts";
import { type CutoverFacts, type InitFacts, parseMemory } from "./facts.ts";
import { readKernelFacts } from "./kernel-facts.ts";
import { readText } from "./text.ts";

type Call = { readonly signal: AbortSignal };

export async function readFacts(
  machine: Machine,
): Promise<Pick<CutoverFacts, "arch" | "isContainer" | "kernel" | "init" | "kexec" | "memory">> {
  return {
    arch: arch() === "x64" ? "x86_64" : arch(),
    isContainer: (await isThere("/run/systemd/container")) || (await isThere("/.dockerenv")),
    kernel: await readKernelFacts(machine),
    init: await readInit(),
    kexec: await findKexec(),
    memory: parseMemory((await readText("/proc/meminfo")) ?? ""),
  };
}

async function readInit(): Promise<InitFacts> {
  if (await isThere("/run/systemd/system")) return { kind: "systemd", jumpsAlone: await systemdJumpsAlone() };
  const name = (await readText("/proc/1/comm"))?.trim() ?? "what runs as process 1";
  if (name !== "init" || !(await isThere("/etc/rc6.d"))) return { kind: "other", name };
  const scripts = await readdir("/etc/rc6.d");
  return { kind: "sysv", jumps: scripts.some((script) => /^K\d\dkexec$/.test(script)) };
}

/** systemd-shutdown runs /sbin/kexec, and where there is none, newer ones ask the kernel themselves. */
async function systemdJumpsAlone(): Promise<boolean> {
  for (const directory of ["/lib/systemd", "/usr/lib/systemd"]) {
    const program = await readBounded(join(directory, "systemd-shutdown"), { maxBytes: 16 * 2 ** 20 });
    if (program?.includes("RB_KEXEC") === true) return true;
  }
  return false;
}

async function findKexec(): Promise<CutoverFacts["kexec"]> {
  for (const path of ["/sbin/kexec", "/usr/sbin/kexec"])
    if (await runs(path)) return { path, isInstalled: true };
  for (const directory of (process.env["P2V_PATH"] ?? process.env["PATH"] ?? "").split(":")) {
    const path = join(directory, "kexec");
    if (directory.startsWith("/") && (await runs(path))) return { path, isInstalled: false };
  }
  return null;
}

/** `host`: the destination's, as ssh reaches it. Its address is looked up here, where the names of /etc/hosts are known. */
export async function readRunning(
  host: string,
  { machine, signal }: Call & { readonly machine: Machine },
): Promise<{ readonly network: RunningNetwork; readonly address: string }> {
  const address = isIP(host.split("%")[0] ?? "") === 0 ? (await lookup(host)).address : host;
  const ip = async (...words: string[]): Promise<string> =>
    (await run(["ip", "-json", ...words], { signal, allowCodes: [1, 2] })).stdout;
  const resolved = await readText("/run/systemd/resolve/resolv.conf");
  const texts = {
    links: await ip("-details", "address"),
    routes: [await ip("-4", "route"), await ip("-6", "route")],
    way: await ip("route", "get", address.split("%")[0] ?? ""),
    resolvConf: resolved ?? (await readText("/etc/resolv.conf")) ?? "",
  };
  return { network: parseRunning(texts, machine.nics), address };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const runs = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
