// SPDX-License-Identifier: Apache-2.0
// The steps for what else names hardware of the old machine, in their order: before nic-names and the initramfs.
import type { ConversionStep } from "../../core/index.ts";
import { consoles } from "./consoles/consoles.ts";
import { deviceCaches } from "./disks/device-caches.ts";
import { hypervisorTools } from "./agents/hypervisor-tools.ts";
import { ifcfg } from "./network/ifcfg.ts";
import { kudzu } from "./hardware/kudzu.ts";
import { linkFiles } from "./network/link-files.ts";
import { lmSensors } from "./hardware/lm-sensors.ts";
import { lvmDevices } from "./disks/lvm-devices.ts";
import { lvmFilter } from "./disks/lvm-filter.ts";
import { mcelog } from "./hardware/mcelog.ts";
import { mdadmConf } from "./disks/mdadm-conf.ts";
import { modprobeAliases } from "./kernels/modprobe-aliases.ts";
import { multipath } from "./disks/multipath.ts";
import { netplan } from "./network/netplan.ts";
import { networkd } from "./network/networkd.ts";
import { networkManager } from "./network/networkmanager.ts";
import { persistentNet } from "./network/persistent-net.ts";
import { sealedKeys } from "./disks/sealed-keys.ts";
import { securetty } from "./consoles/securetty.ts";
import { smartd } from "./hardware/smartd.ts";
import { vendorAgents } from "./agents/vendor-agents.ts";
import { wicked } from "./network/wicked.ts";
import { xorg } from "./hardware/xorg.ts";

export const HARDWARE_STEPS: readonly ConversionStep[] = [
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
];
