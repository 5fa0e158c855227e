// SPDX-License-Identifier: Apache-2.0
// What the host of a boot check offers: programs, firmware, memory, and whether KVM has proven to work there.
import type { Host, VmModel } from "../../core/index.ts";
import type { Accelerator } from "./argv.ts";
import { findFirmware, type FirmwareFiles, varsFile } from "../define/firmware.ts";

export type CheckTools = {
  readonly qemu: string;
  readonly qemuImg: string;
  readonly firmware: FirmwareFiles | null;
};

/** `directory` is the VM's: its own store of variables, if it has one, is what it is tried with. What is missing is a reason for Outcome `not-tried`. */
export async function findTools(
  host: Host,
  vm: VmModel,
  directory: string,
): Promise<{ kind: "found"; tools: CheckTools } | { kind: "missing"; why: string }> {
  const missing = (why: string) => ({ kind: "missing", why }) as const;
  if (!/^(?:x86_64|amd64|i[3-6]86)$/.test(vm.arch))
    return missing(`The boot check knows x86 machines only, and this guest is ${vm.arch}`);
  const rhel = "/usr/libexec/qemu-kvm";
  const qemu =
    (await host.which("qemu-system-x86_64")) ?? ((await host.kindOf(rhel)) === "file" ? rhel : null);
  if (qemu === null) return missing(`qemu-system-x86_64 is not installed on ${host.title}`);
  const qemuImg = await host.which("qemu-img");
  if (qemuImg === null) return missing(`qemu-img is not installed on ${host.title}`);
  if (vm.firmware.kind === "bios") return { kind: "found", tools: { qemu, qemuImg, firmware: null } };
  const firmware = await findFirmware(host, vm.firmware);
  if (firmware !== null) {
    const own = `${directory}/${varsFile(vm)}`;
    const filled = vm.bootEntries !== undefined && (await host.kindOf(own)) === "file";
    return {
      kind: "found",
      tools: { qemu, qemuImg, firmware: filled ? { ...firmware, vars: own } : firmware },
    };
  }
  const secure = vm.firmware.secureBoot ? " with Secure Boot" : "";
  return missing(`No UEFI firmware for QEMU (OVMF)${secure} is installed on ${host.title}`);
}

export type Survey = {
  readonly cpus: number;
  /** null: not known. */
  readonly availableBytes: number | null;
  /** /dev/kvm can be opened; that alone does not mean that a guest runs in it. */
  readonly kvmOpens: boolean;
  /** What an earlier check found out since this host was booted. */
  readonly kvmWorks: boolean | null;
  /** Where to remember it; null: nowhere. */
  readonly kvmFile: string | null;
};

// One line of shell for one round trip. The boot id ends the memory: a reboot may bring another kernel or CPU.
export const SURVEY = [
  `c=\${XDG_CACHE_HOME:-$HOME/.cache}/virt-p2v`,
  `b=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)`,
  `echo "cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo)"`,
  `echo "available=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null)"`,
  `if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then echo opens=yes; fi`,
  `if [ -n "$b" ]; then echo "file=$c/kvm-works-$b"; echo "works=$(cat "$c/kvm-works-$b" 2>/dev/null)"; fi`,
].join("; ");

export async function surveyHost(host: Host, signal: AbortSignal): Promise<Survey> {
  const { stdout } = await host.run(["sh", "-c", SURVEY], { timeoutMs: 30_000, signal });
  return parseSurvey(stdout);
}

export function parseSurvey(text: string): Survey {
  const values = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, Math.max(0, at)), line.slice(at + 1).trim()] as const;
    }),
  );
  const available = /^\d{1,12}$/.exec(values.get("available") ?? "")?.[0];
  const file = values.get("file") ?? "";
  const works = values.get("works");
  return {
    cpus: Math.max(1, Number.parseInt(values.get("cpus") ?? "1", 10) || 1),
    availableBytes: available === undefined ? null : Number(available) * 1024,
    kvmOpens: values.get("opens") === "yes",
    kvmWorks: works === "yes" ? true : works === "no" ? false : null,
    kvmFile: /^\/[^\n]*\/kvm-works-[0-9a-f-]+$/.test(file) ? file : null,
  };
}

/** In the order to try. */
export function acceleratorsFor(survey: Pick<Survey, "kvmOpens" | "kvmWorks">): readonly Accelerator[] {
  return survey.kvmOpens && survey.kvmWorks !== false ? ["kvm", "tcg"] : ["tcg"];
}

/** Forgetting is harmless: the next check tries again. */
export async function rememberKvm(host: Host, survey: Survey, works: boolean): Promise<void> {
  const { kvmFile } = survey;
  if (kvmFile === null || survey.kvmWorks === works) return;
  try {
    await host.makeDirectory(kvmFile.slice(0, kvmFile.lastIndexOf("/")), { mode: 0o700 });
    await host.writeFile(kvmFile, Buffer.from(works ? "yes\n" : "no\n"), { mode: 0o600 });
  } catch {
    return; // no home directory, no space
  }
}

/** A check needs not all of a big server: at most 70 % of what is free now, and no more CPUs than there are. */
export function fitToHost(vm: VmModel, survey: Survey): { memoryBytes: number; vcpus: number } {
  const most = survey.availableBytes === null ? vm.memoryBytes : survey.availableBytes * 0.7;
  const memoryBytes = Math.min(vm.memoryBytes, Math.max(most, 256 * 2 ** 20));
  return { memoryBytes, vcpus: Math.max(1, Math.min(vm.vcpus, survey.cpus)) };
}
