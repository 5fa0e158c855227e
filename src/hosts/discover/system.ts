// SPDX-License-Identifier: Apache-2.0
// System, user, CPU, memory and plain QEMU of a host. Pure.
import { cpuLevelOf, type HostCpu, type HostFacts, type HostUser, known, unknown } from "../../core/index.ts";
import { cleanName, keyValues, knownCount, knownName, type Sections } from "./sections.ts";

export function parseSystem(sections: Sections): Pick<HostFacts, "system" | "arch"> {
  const title = keyValues(sections.lines("os"), "=")
    .get("PRETTY_NAME")
    ?.replace(/^(["'])(.*)\1$/, "$2");
  const arch = sections.lines("uname")[0]?.split(" ")[1];
  return { system: knownName(title, "/etc/os-release tells no name"), arch: cleanName(arch) ?? "unknown" };
}

/** `uid=1000(mia) gid=1000(mia) groups=1000(mia),64055(libvirt)`; busybox leaves the names out where it has none. */
export function parseUser(sections: Sections): HostUser {
  const text = sections.lines("id")[0] ?? "";
  const uid = /\buid=(\d+)(?:\(([^)]*)\))?/.exec(text);
  const groups = /\bgroups=(\S.*)$/.exec(text)?.[1]?.slice(0, 20_000) ?? "";
  return {
    name: cleanName(uid?.[2]) ?? cleanName(uid?.[1]) ?? "unknown",
    isRoot: uid?.[1] === "0",
    groups: [...groups.matchAll(/\(([^()]{1,255})\)/g)].flatMap((match) => cleanName(match[1]) ?? []),
  };
}

export function parseCpu(sections: Sections): HostCpu {
  const info = keyValues(sections.lines("cpuinfo"), ":");
  const flags = new Set((info.get("flags") ?? "").split(/\s+/).filter((flag) => flag !== ""));
  const threads = knownCount(sections.lines("cpus")[0], "/proc/cpuinfo cannot be read");
  return {
    threads: threads.kind === "known" && threads.value === 0 ? unknown("no processor is listed") : threads,
    model: knownName(info.get("model name"), "/proc/cpuinfo names no model"),
    level: cpuLevelOf(flags),
  };
}

/** Our clock before and after the host was asked, in milliseconds since 1970. */
export type Asked = { readonly fromMs: number; readonly toMs: number };

export function parseClock(sections: Sections, { fromMs, toMs }: Asked): HostFacts["clockAheadSeconds"] {
  const text = sections.lines("clock")[0] ?? "";
  if (!/^\d{1,12}$/.test(text)) return unknown("date tells no seconds since 1970");
  const there = Number(text);
  const [from, to] = [Math.floor(fromMs / 1000), Math.floor(toMs / 1000)];
  return known(there < from ? there - from : Math.max(0, there - to));
}

export function parseMemory(sections: Sections): HostFacts["memory"] {
  const info = keyValues(sections.lines("meminfo"), ":");
  const bytes = (key: string): number | null => {
    const kib = /^(\d{1,12}) kB$/.exec(info.get(key) ?? "")?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const totalBytes = bytes("MemTotal");
  // MemAvailable is there since Linux 3.14.
  const availableBytes = bytes("MemAvailable") ?? bytes("MemFree");
  return totalBytes === null || availableBytes === null
    ? unknown("/proc/meminfo cannot be read")
    : known({ totalBytes, availableBytes });
}

export function parseQemu(sections: Sections): HostFacts["qemu"] {
  const [path = "", version = ""] = sections.lines("qemu");
  if (!path.startsWith("/") || cleanName(path) === null) return null;
  const number = /\bversion (\d+(?:\.\d+)*)/.exec(version)?.[1];
  return { path, version: knownName(number, "it does not tell its version") };
}

/** Absolute paths only; one a line. */
export function parsePaths(sections: Sections, name: string): readonly string[] {
  return sections.lines(name).filter((line) => line.startsWith("/") && cleanName(line) === line);
}
