// SPDX-License-Identifier: Apache-2.0
// BIOS or UEFI, Secure Boot and the boot menu, as the running kernel found them.
import { type BootEntry, type Firmware, type Known, known, unknown } from "../../core/index.ts";
import { parseBootOrder, parseLoadOption, sortBootEntries } from "./efi-boot.ts";
import type { Sysroot } from "./sysroot.ts";

const EFI = "/sys/firmware/efi";
/** EFI_GLOBAL_VARIABLE (UEFI specification 2.10, 3.3). */
const GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/** efivarfs puts the variable's attributes before its value (kernel: Documentation/filesystems/efivarfs.rst). */
const ATTRIBUTE_BYTES = 4;
const MAX_ENTRIES = 512;

export async function readFirmware(sysroot: Sysroot, arch: string): Promise<Known<Firmware>> {
  const names = await sysroot.list("/sys/firmware");
  if (names === null) return unknown("there is no /sys/firmware");
  if (!names.includes("efi"))
    return arch === "x86_64" || arch === "i686"
      ? known({ kind: "bios" })
      : unknown("there is no UEFI, and this architecture has no BIOS");
  const variables = await sysroot.list(`${EFI}/efivars`);
  if (variables === null || variables.length === 0)
    return unknown(`UEFI, but its variables cannot be read: ${EFI}/efivars is not there or not mounted`);
  const secureBoot = await readVariable(sysroot, "SecureBoot");
  if (secureBoot === null && variables.includes(`SecureBoot-${GLOBAL}`))
    return unknown("UEFI, but its variable SecureBoot cannot be read; root can");
  return known({
    kind: "uefi",
    // Firmware without Secure Boot has no such variable.
    secureBoot: secureBoot?.[0] === 1,
    bootEntries: await readBootEntries(sysroot, variables),
  });
}

async function readBootEntries(
  sysroot: Sysroot,
  variables: readonly string[],
): Promise<readonly BootEntry[]> {
  const entries: BootEntry[] = [];
  for (const variable of variables) {
    const [, digits] = /^Boot([0-9A-F]{4})-8be4df61-93ca-11d2-aa0d-00e098032b8c$/.exec(variable) ?? [];
    if (digits === undefined || entries.length >= MAX_ENTRIES) continue;
    const value = await readVariable(sysroot, `Boot${digits}`);
    const entry = value === null ? null : parseLoadOption(Number.parseInt(digits, 16), value);
    if (entry !== null) entries.push(entry);
  }
  const order = await readVariable(sysroot, "BootOrder");
  return sortBootEntries(entries, order === null ? [] : parseBootOrder(order));
}

/** The value alone; null: not there, not readable, or too short. */
async function readVariable(sysroot: Sysroot, name: string): Promise<Uint8Array | null> {
  const bytes = await sysroot.bytes(`${EFI}/efivars/${name}-${GLOBAL}`);
  return bytes === null || bytes.length <= ATTRIBUTE_BYTES ? null : bytes.subarray(ATTRIBUTE_BYTES);
}
