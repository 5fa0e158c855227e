// SPDX-License-Identifier: Apache-2.0
// The one list of conversion steps, in the order in which they run. A new family, loader or tool is a new file here.
import type { ConversionStep, Emit } from "../../core/index.ts";
import { type Extras, NO_EXTRAS } from "../drivers/extras.ts";
import type { GuestTools } from "../tools.ts";
import { bootEntries } from "./boot-entries.ts";
import { crypttab } from "./crypttab.ts";
import { deviceMap } from "./device-map.ts";
import { drivers } from "./drivers.ts";
import { efiFallback } from "./efi-fallback.ts";
import { extlinux } from "./extlinux.ts";
import { fstab } from "./fstab.ts";
import { grub } from "./grub.ts";
import { grubLegacy } from "./grub-legacy.ts";
import { guestAgent } from "./guest-agent.ts";
import { HARDWARE_STEPS } from "./hardware.ts";
import { initramfs } from "./initramfs.ts";
import { nicNames } from "./nic-names.ts";
import { prove } from "./prove.ts";
import { resume } from "./resume.ts";
import { selinux } from "./selinux.ts";
import { serialConsole } from "./serial-console.ts";
import { unifiedKernels } from "./unified-kernels.ts";

export function conversionSteps({
  tools,
  emit,
  extras = NO_EXTRAS,
}: {
  tools: GuestTools;
  emit: Emit;
  extras?: Extras | undefined;
}): readonly ConversionStep[] {
  return [
    drivers({ tools, emit, extras }), // before all that looks at kernels and menus
    fstab,
    crypttab,
    resume,
    grub,
    bootEntries,
    grubLegacy,
    extlinux,
    efiFallback,
    unifiedKernels,
    deviceMap,
    serialConsole,
    ...HARDWARE_STEPS,
    guestAgent({ tools, emit, extras }),
    nicNames,
    initramfs({ tools, emit }), // after all that goes into it
    selinux, // after all that makes files
    prove,
  ];
}
