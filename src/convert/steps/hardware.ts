// SPDX-License-Identifier: Apache-2.0
// The steps for what else names hardware of the old machine, in their order: before nic-names and the initramfs.
import type { ConversionStep } from "../../core/index.ts";
import { consoles } from "./consoles.ts";
import { deviceCaches } from "./device-caches.ts";
import { hypervisorTools } from "./hypervisor-tools.ts";
import { ifcfg } from "./ifcfg.ts";
import { kudzu } from "./kudzu.ts";
import { linkFiles } from "./link-files.ts";
import { lmSensors } from "./lm-sensors.ts";
import { lvmDevices } from "./lvm-devices.ts";
import { lvmFilter } from "./lvm-filter.ts";
import { mcelog } from "./mcelog.ts";
import { mdadmConf } from "./mdadm-conf.ts";
import { modprobeAliases } from "./modprobe-aliases.ts";
import { multipath } from "./multipath.ts";
import { netplan } from "./netplan.ts";
import { networkd } from "./networkd.ts";
import { networkManager } from "./networkmanager.ts";
import { persistentNet } from "./persistent-net.ts";
import { sealedKeys } from "./sealed-keys.ts";
import { securetty } from "./securetty.ts";
import { smartd } from "./smartd.ts";
import { vendorAgents } from "./vendor-agents.ts";
import { wicked } from "./wicked.ts";
import { xorg } from "./xorg.ts";

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
