// SPDX-License-Identifier: Apache-2.0
// What a file is for, in a few words, and how much it matters that it names what is gone. Pure.

export type Place = {
  readonly what: string;
  /** 0: the VM boots or stores otherwise than meant; 1: something that runs fails; 2: all else. */
  readonly rank: 0 | 1 | 2;
};

const PLACES: readonly (readonly [RegExp, string, Place["rank"]])[] = [
  [
    /^\/boot\/|^\/etc\/(?:default\/grub|kernel\/|cmdline\.d\/|dracut\.conf|lilo\.conf|initramfs-tools\/|mkinitcpio)/,
    "boot",
    0,
  ],
  [/^\/etc\/(?:fstab|crypttab)$/, "mounted at boot", 0],
  [/^\/etc\/auto[._]|^\/etc\/autofs/, "automounter", 0],
  [/^\/etc\/drbd/, "backing disk of DRBD", 0],
  [/^\/etc\/(?:rtslib-fb-target|target|tgt|iet|ietd\.conf|scst\.conf|nvmet)/, "storage that is exported", 0],
  [/(?:oracle|asm)[^/]*(?:\.rules|$)/i, "disks of Oracle ASM", 0],
  [/rawdevices|raw\.rules/, "raw devices", 0],
  [/^\/etc\/(?:multipath|iscsi)/, "storage network", 0],
  [/^\/etc\/(?:mdadm|mdadm\.conf)/, "software RAID", 0],
  [/^\/etc\/lvm\//, "LVM", 0],
  [
    /^\/etc\/(?:zfs|bcache|stratis|vdo|ceph|gluster|lustre|corosync|pacemaker|cluster|sysconfig\/sbd|default\/sbd)|^\/var\/lib\/pacemaker/,
    "cluster or storage",
    0,
  ],
  [
    /^\/etc\/(?:rc\.local|rc\.d\/rc\.local|init\.d\/(?:boot|after)\.local|conf\.d\/local|local\.d\/)/,
    "script at boot",
    0,
  ],
  [/^\/etc\/(?:init\.d|rc\.d\/init\.d|rc\d?\.d|init)\//, "service", 0],
  [/\/systemd\/system\//, "unit", 0],
  [/^\/etc\/udev\/|\/udev\/rules\.d\//, "udev rule", 1],
  [/iptables|nftables|firewall|shorewall|ufw|\/rules\.v[46]$/, "firewall", 1],
  [
    /dhcp|dnsmasq|radvd|hostapd|keepalived|ucarp|vrrp|frr|quagga|bird|openvpn|wireguard|strongswan|ipsec|ppp/,
    "network service",
    1,
  ],
  [
    /^\/etc\/(?:network|netplan|sysconfig\/network|NetworkManager|systemd\/network|wicked|iproute2|conf\.d\/net)/,
    "network",
    1,
  ],
  [/^\/etc\/sysctl/, "kernel setting", 1],
  [
    /^\/etc\/(?:modprobe|modules|modules-load|sysfs|tmpfiles\.d|hdparm|sdparm|tuned|default\/hdparm)/,
    "device setting",
    1,
  ],
  [/^\/etc\/smart|\/smartd/, "health of disks", 2],
  [/^\/etc\/(?:kdump|default\/kdump|sysconfig\/kdump)/, "crash dumps", 1],
  [/cron/, "timed job", 1],
  [
    /^\/etc\/(?:bacula|bareos|amanda|tsm|adsm|netbackup|rsnapshot|borg|backup|rear)|^\/opt\/tivoli/,
    "backup",
    1,
  ],
  [/^\/etc\/(?:exports|samba)/, "file server", 1],
  [/^\/etc\/(?:xen|libvirt|lxc|pve)/, "virtual machines", 1],
  [
    /nagios|icinga|nrpe|zabbix|collectd|telegraf|munin|snmp|monit|check_mk|prometheus|netdata|sensors/i,
    "monitoring",
    2,
  ],
  [/licen[sc]e|\.lic$|flexlm/i, "licence", 1],
  [/^\/usr\/local\/|^\/root\//, "script", 1],
];

export function placeOf(path: string): Place {
  const found = PLACES.find(([pattern]) => pattern.test(path));
  return found === undefined ? { what: "configuration", rank: 2 } : { what: found[1], rank: found[2] };
}
