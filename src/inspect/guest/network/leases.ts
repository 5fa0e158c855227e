// SPDX-License-Identifier: Apache-2.0
// DHCP leases: an interface that once got an address. All that tells of one where nothing is configured.
import { isAddress, type NetworkSource, readFiles, type Sighting, sighting } from "./source.ts";
import { parseLeaseName } from "./networkmanager.ts";

/** ISC dhclient of Debian and RHEL, NetworkManager, dhcpcd, wicked. */
const DIRECTORIES = [
  "/var/lib/dhcp",
  "/var/lib/dhcp3",
  "/var/lib/dhclient",
  "/var/lib/NetworkManager",
  "/var/lib/dhcpcd",
  "/var/lib/wicked",
];

const LEASE_FILE = /^(?:dhclient|internal|dhcpcd|lease)[.-](?:.*\.)?(?:leases?|xml)$/;

export const leases: NetworkSource = {
  name: "DHCP leases",
  async read(view) {
    const sightings: Sighting[] = [];
    for (const directory of DIRECTORIES)
      for (const { path, name, text } of await readFiles(view, directory, LEASE_FILE)) {
        const lease = parseLease(text, name);
        if (lease !== null)
          sightings.push(sighting({ name: lease.name, leased: lease.addresses, from: path }));
      }
    return { sightings, made: [] };
  },
};

/** `interface "eth0"; fixed-address 192.0.2.7;` (dhclient.leases(5)), `ADDRESS=192.0.2.7` (NetworkManager). */
export function parseLease(
  text: string,
  file: string,
): { readonly name: string; readonly addresses: readonly string[] } | null {
  const inside = /^[ \t]*interface[ \t]+"([^"]{1,15})";/m.exec(text)?.[1];
  const name =
    inside ??
    parseLeaseName(file)?.name ??
    /^dhclient[.-]{1,2}([A-Za-z0-9_.]{1,15}?)\.leases?$/.exec(file)?.[1] ??
    /^dhcpcd-([A-Za-z0-9_.]{1,15}?)\.lease$/.exec(file)?.[1] ??
    /^lease-([A-Za-z0-9_.]{1,15}?)-dhcp-ipv[46]\.xml$/.exec(file)?.[1];
  if (name === undefined) return null;
  const addresses = new Set<string>();
  for (const line of text.split("\n")) {
    const address = /^[ \t]*(?:fixed-address[ \t]+|ADDRESS=|<address>)([0-9a-fA-F.:]{2,45})/.exec(line)?.[1];
    if (address !== undefined && isAddress(address)) addresses.add(address);
    if (addresses.size >= 100) break;
  }
  return { name, addresses: [...addresses] };
}
