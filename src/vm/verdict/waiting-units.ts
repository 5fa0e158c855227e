// SPDX-License-Identifier: Apache-2.0
// Which units fail on the boot check's empty network only because another machine does not answer, and which because
// a VM lacks the hardware they serve. Facts about distributions; add a line when a guest teaches one.
import type { GuestOS } from "../../core/index.ts";
import type { Probe } from "../probe/probe.ts";

/** Unit names without regard to instances: `chrony.service`, `nfs-mountd.service`, `openvpn@office.service`. */
const OTHER_MACHINE: readonly RegExp[] = [
  // network file systems
  /^remote-fs(?:-pre)?\.target$/,
  /^(?:nfs|rpc-statd|rpc-gssd|rpc-svcgssd|rpc-idmapd|gssproxy|autofs|smbfs|cifs|glusterd|glusterfs|ceph)[\w@.:\\-]*\.(?:service|mount|target)$/,
  /^(?:beegfs|lustre|openafs|moosefs)[\w@.:\\-]*\.service$/,
  // storage networks
  /^(?:iscsi|iscsid|open-iscsi|iscsiuio|nvmf-autoconnect|nvmefc-boot-connections|fcoe|multipathd)\.service$/,
  /^(?:drbd|corosync|pacemaker|keepalived)[\w@.:\\-]*\.service$/,
  // time
  /^(?:ntp|ntpd|ntpsec|ntpdate|ntp-wait|ntpsec-wait|openntpd|chrony|chronyd|chrony-wait|systemd-timesyncd|systemd-time-wait-sync|rdate)\.service$/,
  // names and logins
  /^(?:sssd|nslcd|ypbind|nis|winbind|realmd|certmonger|ipa|krb5-kdc|oddjobd)[\w@.:\\-]*\.(?:service|socket)$/,
  // VPNs
  /^(?:openvpn|openvpn-client|strongswan|strongswan-starter|ipsec|wg-quick|tailscaled|vpnc)[\w@.:\\-]*\.service$/,
  // packages, certificates, news
  /^(?:apt-daily|apt-daily-upgrade|apt-news|esm-cache|unattended-upgrades|dnf-makecache|dnf-automatic|packagekit|fwupd-refresh|certbot|motd-news|ua-timer|ubuntu-advantage|snapd\.seeded|snapd\.snap-repair|rhsmcertd|update-notifier-download|pollinate)\.service$/,
  // masters of configuration and monitoring
  /^(?:puppet|puppet-agent|salt-minion|chef-client|cfengine3|cf-agent|zabbix-agent2?|check_mk[\w@-]*|walinuxagent|amazon-ssm-agent|google-[\w-]+)\.service$/,
];

/** Network file systems in the guest's fstab: their mount units fail when the server does not answer. */
const NETWORK_FS =
  /^(?:nfs4?|cifs|smb3?|smbfs|ceph|glusterfs|afs|sshfs|fuse\.(?:sshfs|glusterfs|s3fs)|davfs|9p|lustre|beegfs|ocfs2|gfs2)$/;

/** The unit has ended of itself: it did not give up for want of an answer ($SERVICE_RESULT in systemd.exec(5)). */
const CRASHED: ReadonlySet<string> = new Set(["signal", "core-dump", "oom-kill", "resources"]);

/** Of cloud-init the network stage alone asks a server for its data; before 24.3 it had the first name. */
const CLOUD_NETWORK = /^cloud-init(?:-network)?\.service$/;
/** They exit with 1 where that stage left no data, and have nothing to ask for otherwise. */
const CLOUD_LATER = /^cloud-(?:config|final)\.service$/;
/** Their data comes from a disk or the hypervisor, or is none. */
const CLOUD_LOCAL: ReadonlySet<string> = new Set(["NoCloud", "ConfigDrive", "OVF", "VMware", "None"]);

type Failed = Probe["failed"][number];

/** Would this unit work if other machines could be reached? `all`: those that failed beside it. */
export function waitsForOtherMachine(
  { unit, result }: Failed,
  { guest, all }: { guest: Pick<GuestOS, "mounts" | "cloudInit">; all: readonly Failed[] },
): boolean {
  if (CRASHED.has(result)) return false;
  if (CLOUD_NETWORK.test(unit)) return asksServer(guest);
  if (CLOUD_LATER.test(unit))
    return all.some((one) => CLOUD_NETWORK.test(one.unit) && waitsForOtherMachine(one, { guest, all: [] }));
  if (OTHER_MACHINE.some((pattern) => pattern.test(unit))) return true;
  return guest.mounts.some(
    ({ path, type, options }) =>
      (NETWORK_FS.test(type) || options.split(",").includes("_netdev")) &&
      ["mount", "automount"].some((suffix) => unit === `${escapePath(path)}.${suffix}`),
  );
}

/** Absent: it never had data here, so it looks for some wherever it can. One that keeps its instance has them in its cache. */
const asksServer = ({ cloudInit }: Pick<GuestOS, "cloudInit">): boolean =>
  cloudInit === undefined || (!cloudInit.keepsInstance && !CLOUD_LOCAL.has(cloudInit.source ?? ""));

/** Fails where DHCP gets no answer, and works where it does. */
export const waitsForDhcp = (unit: string): boolean =>
  /^(?:networking|network|ifup@[\w.:\\-]+|NetworkManager-wait-online|systemd-networkd-wait-online(?:@[\w.:\\-]+)?|wickedd-nanny|wicked|dhcpcd(?:@[\w.:\\-]+)?)\.service$/.test(
    unit,
  );

const HARDWARE: readonly (readonly [RegExp, string])[] = [
  [/^(?:smartd|smartmontools)\.service$/, "it watches physical disks"],
  [
    /^(?:ipmi|ipmievd|openipmi|bmc-watchdog|freeipmi[\w-]*)\.service$/,
    "it needs a management controller (IPMI)",
  ],
  [/^(?:lm-sensors|lm_sensors|fancontrol|sensord|thermald)\.service$/, "it reads hardware sensors"],
  [/^(?:mcelog|rasdaemon|edac)\.service$/, "it reads errors of physical memory and CPUs"],
  [
    /^(?:hpasmlited|hp-health|hp-snmp-agents|hp-asrd|smad|amsd|dsm_sa_[\w]+|dataeng|instsvcdrv|srvadmin[\w-]*)\.service$/,
    "it is the server maker's agent",
  ],
  [
    /^(?:megaraid_sas[\w-]*|mdadm-megacli|MegaCli[\w-]*|aacraid[\w-]*|lsi_mrdsnmpd|storcli[\w-]*)\.service$/,
    "it serves a RAID controller",
  ],
  [/^(?:nut-server|nut-driver[\w@-]*|nut-monitor|apcupsd|upsd)\.service$/, "it talks to a UPS"],
  [
    /^(?:irqbalance|cpufrequtils|cpupower|microcode|intel-microcode|kdump|kdump-tools|bluetooth|ModemManager)\.service$/,
    "it serves hardware that a VM may lack",
  ],
];

/** Why the unit has no place in a VM; null where no reason is known. */
export function hardwareReason(unit: string): string | null {
  return HARDWARE.find(([pattern]) => pattern.test(unit))?.[1] ?? null;
}

/** A mount's unit name, as systemd-escape --path gives it (systemd.unit(5)). */
export function escapePath(path: string): string {
  const names = path.split("/").filter((name) => name !== "");
  if (names.length === 0) return "-";
  return [...Buffer.from(names.join("/"), "utf8")]
    .map((byte, index) => {
      const char = String.fromCharCode(byte);
      if (char === "/") return "-";
      const plain = /[A-Za-z0-9:_.]/.test(char) && !(index === 0 && char === ".");
      return plain ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}
