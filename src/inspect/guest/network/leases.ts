// SPDX-License-Identifier: Apache-2.0
// DHCP leases: an interface that once got an address. All that tells of one where nothing is configured.
import { isAddress, normalMac, type NetworkSource, readFiles, type Sighting, sighting } from "./source.ts";
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
    const found: Sighting[] = [];
    for (const directory of DIRECTORIES)
      for (const { path, name, text } of await readFiles(view, directory, LEASE_FILE))
        for (const { mac, ...lease } of parseLeases(text, name))
          found.push(
            sighting({
              name: lease.name,
              mac,
              how: "seen",
              leased: lease.addresses,
              leasedAt: lease.at,
              from: path,
            }),
          );
    return { sightings: newestLeases(found), made: [] };
  },
};

export type Lease = {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Seconds; null: it does not say. */
  readonly at: number | null;
  /** Of the client's identifier, where that is its address. */
  readonly mac: string | null;
};

const MAX_LEASES = 200;

/**
 * Files keep history. dhclient appends a block for each lease (dhclient.leases(5)), so that of an interface the last one
 * counts; NetworkManager's and wicked's files hold one lease.
 */
export function parseLeases(text: string, file: string): readonly Lease[] {
  const blocks = text.split(/^[ \t]*lease6?[ \t]*\{/m);
  const byName = new Map<string, Lease>();
  for (const block of blocks.length > 1 ? blocks.slice(1) : blocks) {
    const name = /^[ \t]*interface[ \t]+"([^"]{1,15})";/m.exec(block)?.[1] ?? nameOfFile(file);
    if (name === undefined) continue;
    const lease = { name, ...contentsOf(block) };
    const older = byName.get(name);
    if (older === undefined || (lease.at ?? 0) >= (older.at ?? 0)) byName.set(name, lease);
    if (byName.size >= MAX_LEASES) break;
  }
  return [...byName.values()];
}

const nameOfFile = (file: string): string | undefined =>
  parseLeaseName(file)?.name ??
  /^dhclient[.-]{1,2}([A-Za-z0-9_.]{1,15}?)\.leases?$/.exec(file)?.[1] ??
  /^dhcpcd-([A-Za-z0-9_.]{1,15}?)\.lease$/.exec(file)?.[1] ??
  /^lease-([A-Za-z0-9_.]{1,15}?)-dhcp-ipv[46]\.xml$/.exec(file)?.[1];

/** `fixed-address 192.0.2.7;` (dhclient), `ADDRESS=192.0.2.7` (NetworkManager), `<address>` (wicked). */
function contentsOf(block: string): Omit<Lease, "name"> {
  const addresses = new Set<string>();
  for (const line of block.split("\n")) {
    const address = /^[ \t]*(?:fixed-address[ \t]+|ADDRESS=|<address>)([0-9a-fA-F.:]{2,45})/.exec(line)?.[1];
    if (address !== undefined && isAddress(address)) addresses.add(address);
    if (addresses.size >= 100) break;
  }
  const [, ...date] =
    /^[ \t]*(?:renew|expire)[ \t]+\d[ \t]+(\d{4})\/(\d\d)\/(\d\d)[ \t]+(\d\d):(\d\d):(\d\d);/m.exec(block) ??
    [];
  const [year = 0, month = 1, day, hour, minute, second] = date.map(Number);
  const at = date.length === 0 ? null : Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  // Type 1 is Ethernet (RFC 2132, 9.14): option dhcp-client-identifier 1:52:54:0:12:34:56; CLIENTID=01525400123456
  const id =
    /^[ \t]*(?:option dhcp-client-identifier[ \t]+|CLIENTID=|<client-id>)0?1:?((?:[0-9a-fA-F]{1,2}:?){6})(?=;|<|\s|$)/m.exec(
      block,
    )?.[1];
  return { addresses: [...addresses], at, mac: macOfId(id) };
}

function macOfId(id: string | undefined): string | null {
  if (id === undefined) return null;
  const bytes = id.includes(":") ? id.split(":") : (id.match(/../g) ?? []);
  return normalMac(bytes.map((byte) => byte.padStart(2, "0")).join(":"));
}

/** Of an interface the newest lease counts; where two claim one address, the newer one: the other is of former hardware. */
function newestLeases(all: readonly Sighting[]): readonly Sighting[] {
  const newer = (one: Sighting, other: Sighting): boolean => (one.leasedAt ?? 0) > (other.leasedAt ?? 0);
  const own = all.filter((one) => !all.some((other) => other.name === one.name && newer(other, one)));
  return own.filter(
    (one) =>
      one.leased.length === 0 ||
      !one.leased.every((address) =>
        own.some((other) => other.name !== one.name && newer(other, one) && other.leased.includes(address)),
      ),
  );
}
