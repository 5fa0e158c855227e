// SPDX-License-Identifier: Apache-2.0
// Network cards: interfaces that have a device, so no bridges, bonds, VLANs or loopback.
import { CARD_PLACES, isInterfaceName, macOfName, type Nic, parseMac } from "../../core/index.ts";
import { parseUdevRecord } from "./disks/udev.ts";
import type { Sysroot } from "./sysroot.ts";
import { compareNames, parseCount, parseName } from "./text.ts";

const NET = "/sys/class/net";
/** IFF_ type of if_arp.h: Ethernet; InfiniBand and others have no MAC that a VM could take over. */
const ARPHRD_ETHER = 1;
const MAX_NICS = 4096;

export type FoundNics = {
  readonly nics: readonly Nic[];
  /** Why the list may lack some; null: it is whole. */
  readonly why: string | null;
};

export async function readNics(sysroot: Sysroot): Promise<FoundNics> {
  const names = await sysroot.list(NET);
  if (names === null) return { nics: [], why: `there is no ${NET}` };
  const nics: Nic[] = [];
  for (const name of names.slice(0, MAX_NICS).toSorted(compareNames)) {
    const nic = await readNic(sysroot, name);
    if (nic !== null && !isVifOfXen(nic))
      nics.push((await isAside(sysroot, nic)) ? { ...nic, aside: true } : nic);
  }
  return {
    nics: nics.map((nic) => (isTwin(nic, nics) ? { ...nic, aside: true } : nic)),
    why: names.length > MAX_NICS ? `there are more than ${MAX_NICS} interfaces` : null,
  };
}

async function readNic(sysroot: Sysroot, name: string): Promise<Nic | null> {
  const at = `${NET}/${name}`;
  const device = await sysroot.find(`${at}/device`);
  if (device === null || name.length > 15) return null;
  if (parseCount((await sysroot.text(`${at}/type`)) ?? `${ARPHRD_ETHER}`) !== ARPHRD_ETHER) return null;
  const names = await readNames(sysroot, at);
  // A bond gives all its cards one address, and anybody may set one; each card's own one is kept aside.
  const mac =
    parseMac((await sysroot.text(`${at}/bonding_slave/perm_hwaddr`)) ?? "") ??
    macOfName(names?.mac ?? "") ??
    parseMac((await sysroot.text(`${at}/address`)) ?? "");
  if (mac === null) return null;
  const driver = await sysroot.find(`${at}/device/driver`);
  const speed = parseCount(await sysroot.text(`${at}/speed`), { max: 10_000_000 });
  return {
    name,
    mac,
    driver: driver === null ? null : parseName(lastOf(driver)),
    speedMbit: speed === null || speed === 0 ? null : speed,
    carrier: parseFlag(await sysroot.text(`${at}/carrier`)),
    bus: parseName(lastOf(device)),
    ...(names === null ? {} : { names }),
  };
}

/** A dom0's end of a guest's cable has a device, and this address for all of them. */
const isVifOfXen = ({ mac, driver }: Nic): boolean => mac === "fe:ff:ff:ff:ff:ff" || driver === "vif";

/** BMCs show themselves as USB network cards. */
const USB_LINKS = /^(?:cdc_ether|cdc_eem|cdc_ncm|rndis_host|cdc_subset)$/;

async function isAside(sysroot: Sysroot, { name, driver }: Nic): Promise<boolean> {
  if (USB_LINKS.test(driver ?? "")) return true;
  for (const sign of ["device/physfn", "phy80211", "wireless"])
    if ((await sysroot.find(`${NET}/${name}/${sign}`)) !== null) return true;
  return false;
}

/** In a VM, the function of the host's card that stands behind a paravirtual one has its address. */
function isTwin({ name, mac, driver }: Nic, all: readonly Nic[]): boolean {
  const front = /^(?:hv_netvsc|virtio_net)$/;
  return (
    !front.test(driver ?? "") &&
    all.some((one) => one.name !== name && one.mac === mac && front.test(one.driver ?? ""))
  );
}

/** ID_NET_NAME_* of udev's database: net_id of systemd works them out, whatever the system calls the card. */
async function readNames(sysroot: Sysroot, at: string): Promise<Required<Nic>["names"] | null> {
  const index = parseCount(await sysroot.text(`${at}/ifindex`));
  const record = index === null ? null : await sysroot.text(`/run/udev/data/n${index}`);
  if (record === null) return null;
  const properties = parseUdevRecord(record);
  const names = CARD_PLACES.flatMap((place) => {
    const name = properties.get(`ID_NET_NAME_${place.toUpperCase()}`) ?? "";
    return isInterfaceName(name) ? [[place, name] as const] : [];
  });
  return names.length === 0 ? null : Object.fromEntries(names);
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The kernel answers with an error while the interface is down: null. */
function parseFlag(text: string | null): boolean | null {
  const word = text?.trim();
  return word === "1" ? true : word === "0" ? false : null;
}
