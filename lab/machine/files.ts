// SPDX-License-Identifier: Apache-2.0
// Files that machines of the matrix have in common: a name, a network, an initramfs for old hardware only, and a unit that tells.

/** SATA only: without conversion such an initramfs finds no disk of a VM. */
const OLD_DRIVERS = ["ahci", "ata_piix", "sd_mod", "ext4", "crc32c_generic"];

export function commonFiles(hostname: string): Readonly<Record<string, string>> {
  return {
    "/etc/hostname": `${hostname}\n`,
    "/etc/hosts": `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}.example.org\t${hostname}\n`,
    "/etc/machine-id": "6f1d2c3b4a5968778695a4b3c2d1e0f2\n",
    "/etc/resolv.conf": "nameserver 192.0.2.1\n",
    "/etc/default/grub": 'GRUB_DEFAULT=0\nGRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
    "/etc/network/interfaces":
      "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\nallow-hotplug enp3s0\niface enp3s0 inet dhcp\n",
  };
}

export const INITRAMFS_TOOLS_FILES: Readonly<Record<string, string>> = {
  "/etc/initramfs-tools/conf.d/driver-policy": "MODULES=list\n",
  "/etc/initramfs-tools/modules": `${OLD_DRIVERS.join("\n")}\n`,
};

/** One card with a static address, whose name is of a .link file. */
export const staticLan = (address: string, mac: string): Readonly<Record<string, string>> => ({
  "/etc/network/interfaces": `auto lo
iface lo inet loopback

auto lan0
iface lan0 inet static
  address ${address}/24
  gateway 192.0.2.1
`,
  "/etc/systemd/network/10-lan0.link": `[Match]
MACAddress=${mac}

[Link]
Name=lan0
`,
});

/**
 * `witness.service`, to be enabled: once the system is up it tells the serial console what commands of the shell print, in
 * order, and fails where one of them does. No ' in them.
 */
export function witness(commands: readonly string[]): Readonly<Record<string, string>> {
  return {
    "/etc/systemd/system/witness.service": `[Unit]
Description=What this machine finds of its own
After=network.target remote-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
${commands.map((command) => `ExecStart=/bin/sh -ec 'found=$$(${command}); echo "witness: $$found" >/dev/ttyS0'`).join("\n")}
[Install]
WantedBy=multi-user.target
`,
  };
}

/** The same of a system without systemd; to be made executable. */
export const witnessAtEnd = (commands: readonly string[]): Readonly<Record<string, string>> => ({
  "/etc/rc.local": `#!/bin/sh\n${commands.map((command) => `echo "witness: $(${command})" >/dev/ttyS0\n`).join("")}`,
});
