// SPDX-License-Identifier: Apache-2.0
// The one list of conversion steps, in the order in which they run. A step's folder is what it is about.
import type { ConversionStep } from "./step.ts";
import { guestAgent } from "./agents/guest-agent.ts";
import { hypervisorTools } from "./agents/hypervisor-tools.ts";
import { vendorAgents } from "./agents/vendor-agents.ts";
import { bootEntries } from "./boot/boot-entries.ts";
import { deviceMap } from "./boot/device-map.ts";
import { efiFallback } from "./boot/efi-fallback.ts";
import { extlinux } from "./boot/extlinux.ts";
import { grubDisks } from "./boot/grub-disks.ts";
import { grubLegacy } from "./boot/grub-legacy.ts";
import { grub } from "./boot/grub.ts";
import { installDevices } from "./boot/install-devices.ts";
import { lilo } from "./boot/lilo.ts";
import { resume } from "./boot/resume.ts";
import { unifiedKernels } from "./boot/unified-kernels.ts";
import { consoles } from "./consoles/consoles.ts";
import { securetty } from "./consoles/securetty.ts";
import { serialConsole } from "./consoles/serial-console.ts";
import { bootFiles } from "./disks/boot-files.ts";
import { absentMounts } from "./disks/absent-mounts.ts";
import { crypttab } from "./disks/crypttab.ts";
import { deviceCaches } from "./disks/device-caches.ts";
import { fstab } from "./disks/fstab.ts";
import { lvmDevices } from "./disks/lvm-devices.ts";
import { lvmFilter } from "./disks/lvm-filter.ts";
import { mdadmConf } from "./disks/mdadm-conf.ts";
import { multipath } from "./disks/multipath.ts";
import { sealedKeys } from "./disks/sealed-keys.ts";
import { systemdUnits } from "./disks/systemd-units.ts";
import { kudzu } from "./hardware/kudzu.ts";
import { lmSensors } from "./hardware/lm-sensors.ts";
import { mcelog } from "./hardware/mcelog.ts";
import { memory } from "./hardware/memory.ts";
import { smartd } from "./hardware/smartd.ts";
import { xorg } from "./hardware/xorg.ts";
import { drivers } from "./kernels/drivers.ts";
import { initramfs } from "./kernels/initramfs.ts";
import { modprobeAliases } from "./kernels/modprobe-aliases.ts";
import { prove } from "./kernels/prove.ts";
import { cardCommands } from "./network/card-commands.ts";
import { cloudInit } from "./network/cloud-init.ts";
import { ifcfg } from "./network/ifcfg.ts";
import { linkFiles } from "./network/link-files.ts";
import { mactab } from "./network/mactab.ts";
import { netplan } from "./network/netplan.ts";
import { networkd } from "./network/networkd.ts";
import { networkManager } from "./network/networkmanager.ts";
import { nicNames } from "./network/nic-names.ts";
import { persistentNet } from "./network/persistent-net.ts";
import { wicked } from "./network/wicked.ts";
import { selinux } from "./selinux.ts";
import { sweep } from "./sweep.ts";

export const CONVERSION_STEPS: readonly ConversionStep[] = [
  drivers, // before all that looks at kernels and menus
  fstab,
  absentMounts, // after all that names volumes anew
  crypttab,
  systemdUnits,
  bootFiles,
  resume,
  grub,
  bootEntries,
  grubLegacy,
  extlinux,
  lilo,
  grubDisks,
  efiFallback,
  unifiedKernels,
  deviceMap,
  installDevices,
  serialConsole,
  sealedKeys,
  mdadmConf,
  lvmFilter,
  lvmDevices,
  multipath,
  deviceCaches,
  modprobeAliases,
  kudzu,
  smartd,
  lmSensors,
  mcelog,
  memory,
  vendorAgents,
  hypervisorTools,
  xorg,
  consoles,
  securetty,
  persistentNet,
  linkFiles,
  ifcfg,
  networkManager,
  netplan,
  networkd,
  wicked,
  cardCommands,
  cloudInit,
  guestAgent,
  nicNames,
  mactab,
  initramfs, // after all that goes into it
  selinux, // after all that makes files
  prove,
  sweep, // after all that changes files
];
