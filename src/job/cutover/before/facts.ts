// SPDX-License-Identifier: Apache-2.0
// What is known of a server that shall be replaced by the live system in memory. judge.ts says what it means.
import type { RunningNetwork } from "../../../network/index.ts";

export type CutoverFacts = {
  readonly arch: string;
  readonly isContainer: boolean;
  readonly kernel: KernelFacts;
  readonly init: InitFacts;
  /** null: neither this system nor the portable file has it. */
  readonly kexec: { readonly path: string; readonly isInstalled: boolean } | null;
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  readonly live: {
    /** Of the program in it; null: an image of before that was written there. */
    readonly version: string | null;
    /** Kernel and initramfs. */
    readonly sizeBytes: number;
  };
  /** Of the program that runs here. */
  readonly version: string;
  /** null: the destination is not reached over a network. */
  readonly network: RunningNetwork | null;
};

export type KernelFacts = {
  readonly release: string;
  /** CONFIG_KEXEC; null: its configuration is not told. */
  readonly hasKexec: boolean | null;
  /** /proc/sys/kernel/kexec_load_disabled. */
  readonly isDisabled: boolean;
  /** As the kernel names it: `integrity`, `confidentiality`; null: none. */
  readonly lockdown: string | null;
  readonly secureBoot: boolean;
};

export type InitFacts =
  /** `jumpsAlone`: its last act needs no program kexec of this system. */
  | { readonly kind: "systemd"; readonly jumpsAlone: boolean }
  /** `jumps`: the scripts of kexec-tools do it at a reboot. */
  | { readonly kind: "sysv"; readonly jumps: boolean }
  | { readonly kind: "other"; readonly name: string };

/** `CONFIG_KEXEC=y`; null: the text does not tell. Pure. */
export function parseKernelConfig(text: string): boolean | null {
  if (/^CONFIG_KEXEC=y$/m.test(text)) return true;
  return /^# CONFIG_KEXEC is not set$/m.test(text) || /^CONFIG_[A-Z0-9_]+=/m.test(text) ? false : null;
}

/** `none [integrity] confidentiality`; null: none. Pure. */
export function parseLockdown(text: string): string | null {
  const chosen = /\[(\w+)\]/.exec(text)?.[1] ?? "none";
  return chosen === "none" ? null : chosen;
}

const SECURE_BOOT_AT = 0x1ec;
/** efi_secureboot_mode_enabled (include/linux/efi.h); not where shim was told to check nothing. */
const ENABLED = 3;

/** Whether the firmware checked this kernel. `zeroPage`: struct boot_params (Documentation/arch/x86/zero-page.rst; Linux 4.11), null: not told. Pure. */
export function parseStartedSecurely(zeroPage: Uint8Array | null): boolean {
  return zeroPage?.[SECURE_BOOT_AT] === ENABLED;
}

/** Bytes of MemTotal and MemAvailable; kernels before 3.14 have no MemAvailable: what is free, and the page cache. Pure. */
export function parseMemory(text: string): CutoverFacts["memory"] {
  const bytes = (name: string): number | null => {
    const kib = new RegExp(`^${name}: +(\\d{1,15}) kB$`, "m").exec(text)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const available = bytes("MemAvailable") ?? (bytes("MemFree") ?? 0) + (bytes("Cached") ?? 0);
  return { totalBytes: bytes("MemTotal") ?? 0, availableBytes: available };
}
