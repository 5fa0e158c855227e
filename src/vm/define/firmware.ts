// SPDX-License-Identifier: Apache-2.0
// Where distributions keep QEMU's UEFI firmware: code, and an empty store of variables. First found wins.
import type { Host, VmModel } from "../../core/index.ts";

export type FirmwareFiles = { readonly code: string; readonly vars: string };

const pair = (directory: string, code: string, vars: string): FirmwareFiles => ({
  code: `${directory}/${code}`,
  vars: `${directory}/${vars}`,
});

const DEBIAN = "/usr/share/OVMF";
const FEDORA = "/usr/share/edk2/ovmf";
const SUSE = "/usr/share/qemu";
const ARCH = "/usr/share/edk2/x64";

const PLAIN: readonly FirmwareFiles[] = [
  pair(DEBIAN, "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
  pair(DEBIAN, "OVMF_CODE.fd", "OVMF_VARS.fd"),
  pair(FEDORA, "OVMF_CODE.fd", "OVMF_VARS.fd"),
  pair(SUSE, "ovmf-x86_64-4m-code.bin", "ovmf-x86_64-4m-vars.bin"),
  pair(SUSE, "ovmf-x86_64-code.bin", "ovmf-x86_64-vars.bin"),
  pair(ARCH, "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"),
];

/** With the keys of Microsoft, by which the shims of distributions are signed. */
const SECURE: readonly FirmwareFiles[] = [
  pair(DEBIAN, "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd"),
  pair(DEBIAN, "OVMF_CODE.secboot.fd", "OVMF_VARS.ms.fd"),
  pair(FEDORA, "OVMF_CODE.secboot.fd", "OVMF_VARS.secboot.fd"),
  pair(SUSE, "ovmf-x86_64-smm-ms-code.bin", "ovmf-x86_64-smm-ms-vars.bin"),
];

/** The VM's own store of UEFI variables, beside its images: what the script for QEMU starts it with. */
export const varsFile = ({ name }: Pick<VmModel, "name">): string => `${name}.vars.fd`;

/** The first pair that is on the host; null: none, or BIOS. */
export async function findFirmware(host: Host, firmware: VmModel["firmware"]): Promise<FirmwareFiles | null> {
  for (const pair of firmwareCandidates(firmware))
    if ((await host.kindOf(pair.code)) === "file" && (await host.kindOf(pair.vars)) === "file") return pair;
  return null;
}

/** [] for BIOS, which needs no file. */
export function firmwareCandidates(firmware: VmModel["firmware"]): readonly FirmwareFiles[] {
  if (firmware.kind === "bios") return [];
  return firmware.secureBoot ? SECURE : PLAIN;
}
