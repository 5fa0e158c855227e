// SPDX-License-Identifier: Apache-2.0
// Agents of HP, Dell and IBM for their own mainboards. Somebody may still use their reports: so only on request.
import { hardwareService } from "../hardware/hardware-service.ts";

/** HP: System Health Application, Insight agents, iLO driver. Dell: OpenManage and its service modules. IBM: Director. */
const HP =
  "hp-health|hp-asrd|hp-snmp-agents|hpasm|hpasmlited|hp-ilo|hpilo|hpsmhd|hpsmh|cpqarrayd|cmanicd|amsd|smad";
const DELL =
  "dataeng|dsm_om_connsvc|dsm_om_shrsvc|dsm_sa_datamgrd|dsm_sa_eventmgrd|dsm_sa_snmpd|instsvcdrv|racsvc|mptctl";
const IBM = "dirserver|icscimomd|ibmasm|ibmspsvc|tier1slp|wmicimserver|cimlistener";

export const vendorAgents = hardwareService({
  name: "vendor-agents",
  explains: "On request: disables the hardware agents of HP, Dell and IBM",
  why: "These agents are for the old machine's hardware",
  services: new RegExp(`^(${HP}|${DELL}|${IBM})$`),
  optional: true,
});
