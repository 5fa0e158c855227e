// SPDX-License-Identifier: Apache-2.0
// A unit and script that install qemu-guest-agent once, from the VM's own repositories, and then remove themselves. Pure.

export const AGENT_UNIT = "/etc/systemd/system/p2v-guest-agent.service";
export const AGENT_LINK = "/etc/systemd/system/multi-user.target.wants/p2v-guest-agent.service";
export const AGENT_SCRIPT = "/usr/local/sbin/p2v-guest-agent";
const TRIES = "/var/lib/p2v-guest-agent.tries";

export type PackageManager = {
  /** Where it lies in the guest. */
  readonly program: string;
  readonly install: string;
};

/** In order of preference: on systems with dnf, yum is often the same, and SUSE's may have an apt-get. */
export const PACKAGE_MANAGERS: readonly PackageManager[] = [
  { program: "/usr/bin/zypper", install: "zypper --non-interactive install qemu-guest-agent" },
  { program: "/usr/bin/dnf", install: "dnf -y install qemu-guest-agent" },
  { program: "/usr/bin/yum", install: "yum -y install qemu-guest-agent" },
  { program: "/usr/bin/pacman", install: "pacman -Sy --noconfirm qemu-guest-agent" },
  {
    program: "/usr/bin/apt-get",
    install:
      "apt-get -y -o DPkg::Lock::Timeout=300 install qemu-guest-agent || { apt-get update && apt-get -y -o DPkg::Lock::Timeout=300 install qemu-guest-agent; }",
  },
];

/** `simple`: nothing waits for it, and a missing network does not make a failed unit. */
export const renderAgentUnit = (): string => `# Written by virt-p2v; removed when it is done.
[Unit]
Description=Installs the QEMU guest agent once
After=network.target

[Service]
Type=simple
ExecStart=/bin/sh ${AGENT_SCRIPT}

[Install]
WantedBy=multi-user.target
`;

/** At most five boots; each waits two minutes for a default route. */
export const renderAgentScript = ({ install }: PackageManager): string => `#!/bin/sh
# Installs qemu-guest-agent from this system's own repositories, and then removes itself. Without a network it is quiet and
# tries again at the next boot, five times at most. Written by virt-p2v.
tries=$(cat ${TRIES} 2>/dev/null)
case $tries in [0-4]) ;; *) tries=0 ;; esac

done_with_it() {
  rm -f ${TRIES} ${AGENT_LINK} ${AGENT_UNIT} ${AGENT_SCRIPT}
  exit 0
}

has_route() {
  while read -r _ to _; do
    if [ "$to" = 00000000 ]; then return 0; fi
  done < /proc/net/route
  return 1
}

waited=0
until has_route || [ $waited -ge 24 ]; do
  sleep 5
  waited=$((waited + 1))
done
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
{ ${install}; } >/dev/null 2>&1 </dev/null
if command -v qemu-ga >/dev/null 2>&1; then
  systemctl enable qemu-guest-agent.service >/dev/null 2>&1
  systemctl start --no-block qemu-guest-agent.service >/dev/null 2>&1
  done_with_it
fi
if [ "$tries" -ge 4 ]; then done_with_it; fi
echo $((tries + 1)) > ${TRIES}
exit 0
`;
