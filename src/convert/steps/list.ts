// SPDX-License-Identifier: Apache-2.0
// The one list of conversion steps, in the order in which they run. What a step is about says in which folder it is.
import type { ConversionStep, Emit } from "../../core/index.ts";
import { type Extras, NO_EXTRAS } from "../drivers/extras.ts";
import type { GuestTools } from "../guest-tools/tools.ts";
import { bootEntries } from "./boot/boot-entries.ts";
import { crypttab } from "./disks/crypttab.ts";
import { deviceMap } from "./boot/device-map.ts";
import { drivers } from "./kernels/drivers.ts";
import { efiFallback } from "./boot/efi-fallback.ts";
import { extlinux } from "./boot/extlinux.ts";
import { fstab } from "./disks/fstab.ts";
import { grub } from "./boot/grub.ts";
import { grubLegacy } from "./boot/grub-legacy.ts";
import { guestAgent } from "./agents/guest-agent.ts";
import { HARDWARE_STEPS } from "./hardware.ts";
import { initramfs } from "./kernels/initramfs.ts";
import { nicNames } from "./network/nic-names.ts";
import { prove } from "./kernels/prove.ts";
import { resume } from "./boot/resume.ts";
import { selinux } from "./selinux.ts";
import { serialConsole } from "./consoles/serial-console.ts";
import { unifiedKernels } from "./boot/unified-kernels.ts";

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
