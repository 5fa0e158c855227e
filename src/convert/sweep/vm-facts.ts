// SPDX-License-Identifier: Apache-2.0
// Whether the VM has what a file names. Pure.
import { devicesFor, type GuestOS, type Intent, isMac, parseDeviceName, parseMac } from "../../core/index.ts";
import { readVolumes } from "../names/volumes.ts";
import type { Reference } from "./references.ts";

export type VmFacts = {
  readonly serials: readonly string[];
  has(reference: Reference, path: string): boolean;
  /** `UUID=...` of what a device of the old machine held; null: not given, or without one. */
  stableName(name: string): string | null;
};

const MIN_SERIAL = 6;

export function readVmFacts(guest: GuestOS, intent: Intent): VmFacts {
  const volumes = readVolumes(guest, intent);
  const macs = new Set(intent.nics.map(({ mac }) => mac));
  const names = new Set(intent.nics.map(({ name }) => name));
  const old = new Set(guest.network.map(({ name }) => name));
  const styles = new Set([...names, ...old].map(styleOf));
  const uuids = new Set(
    intent.storage.nodes.flatMap(({ holds }) =>
      "uuid" in holds && holds.uuid !== null ? [holds.uuid.toLowerCase()] : [],
    ),
  );
  const isNew = guest.kernels.every(({ version }) => !/^[0-2]\./.test(version));
  const hadIde = guest.names.known.some(({ key }) => key.startsWith("order:hd:"));
  const families = diskFamilies(guest, intent);
  return {
    serials: [
      ...new Set(
        intent.storage.nodes.flatMap(({ holds }) => {
          const serial = holds.kind === "disk" ? (holds.serial?.trim() ?? "") : "";
          return serial.length >= MIN_SERIAL && /\d/.test(serial) ? [serial] : [];
        }),
      ),
    ],
    has({ kind, name }, path) {
      switch (kind) {
        case "disk": {
          const device = parseDeviceName(name);
          if (device === null) return false;
          // Samples of old packages: Linux calls no disk so any more, and nothing tells that this machine had one.
          if (device.family === "hd" && isNew && !hadIde) return true;
          return families.has(device.family) && device.disk < intent.disks.length;
        }
        case "volume":
          // There UUID= is of a connection.
          return CONNECTIONS.test(path) || uuids.has(name.slice("UUID=".length).toLowerCase());
        case "mac":
          return hasMac(name, macs);
        case "nic":
          // A name of a kind that the machine never had comes from a package.
          return names.has(name) || (!old.has(name) && !styles.has(styleOf(name)));
        case "device":
        case "scsi":
        case "serial":
        case "slot":
          return false;
      }
    },
    stableName(name) {
      const named = volumes.named(name);
      const uuid = named.kind === "volume" ? volumes.uuidOf(named.node) : null;
      return uuid === null ? null : `UUID=${uuid}`;
    },
  };
}

const CONNECTIONS = /\/(?:network-scripts|NetworkManager|netplan|sysconfig\/network)\//;

/** Addresses that somebody made up (locally administered) are no card's, and neither are those for several. */
function hasMac(name: string, macs: ReadonlySet<string>): boolean {
  const digits = name.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  const mac = parseMac(digits.replaceAll(/(..)(?=.)/g, "$1:"));
  if (mac === null || !isMac(mac)) return true;
  const first = Number.parseInt(mac.slice(0, 2), 16);
  return macs.has(mac) || (first & 0b11) !== 0 || mac === "00:00:00:00:00:00";
}

const styleOf = (name: string): string => name.replaceAll(/\d+/g, "0").replace(/(?:np|f|d)0$/, "");

/** What the guest will call its disks. */
function diskFamilies(guest: GuestOS, { hypervisor }: Intent): ReadonlySet<string> {
  if (hypervisor === "xen") return new Set(["xvd"]);
  switch (devicesFor(guest).diskBus) {
    case "virtio":
      return new Set(["vd"]);
    case "ide":
      return new Set(["hd", "sd"]);
    case "sata":
      return new Set(["sd"]);
  }
}
