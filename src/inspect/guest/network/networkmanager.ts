// SPDX-License-Identifier: Apache-2.0
// NetworkManager keyfiles (nm-settings-keyfile(5)). A profile without a name or an address fits any card.
import type { GuestView, InterfaceConfig } from "../../../core/index.ts";
import { profileConditions } from "./conditions.ts";
import {
  cidrOf,
  type Found,
  type Ini,
  iniValue,
  joinFound,
  type NetworkSource,
  NOTHING,
  isYes,
  normalMac,
  parseIni,
  readFiles,
  sighting,
  staticOf,
} from "./source.ts";

const DIRECTORIES = ["/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections"];
const LEASES = "/var/lib/NetworkManager";

export const networkmanager: NetworkSource = { name: "NetworkManager", read: readKeyfiles };

async function readKeyfiles(view: GuestView): Promise<Found> {
  const used = new Map<string, string>();
  for (const { name } of await readFiles(view, LEASES, /\.lease$/)) {
    const lease = parseLeaseName(name);
    if (lease?.uuid !== undefined) used.set(lease.uuid, lease.name);
  }
  const files: { text: string; path: string }[] = [];
  for (const directory of DIRECTORIES) files.push(...(await readFiles(view, directory, /^(?!\.).*[^~]$/)));
  // A port may name its controller by the UUID of that profile.
  const names = new Map<string, string>();
  for (const { text } of files) {
    const ini = parseIni(text);
    const [uuid, name] = [iniValue(ini, "connection", "uuid"), iniValue(ini, "connection", "interface-name")];
    if (uuid !== undefined && name !== undefined) names.set(uuid, name);
  }
  return joinFound(files.map(({ text, path }) => parseKeyfile(text, path, { used, names })));
}

/** `internal-UUID-IFACE.lease`, `dhclient-UUID-IFACE.lease`: which interface a profile was last used on. */
export function parseLeaseName(file: string): { uuid: string; name: string } | null {
  const match =
    /^(?:internal|dhclient|dhcpcd)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(.{1,40})\.lease$/.exec(
      file,
    );
  return match === null ? null : { uuid: match[1] ?? "", name: match[2] ?? "" };
}

type Known = {
  /** Profile UUID to the interface its last lease was for. */
  readonly used: ReadonlyMap<string, string>;
  /** Profile UUID to the interface it is for. */
  readonly names: ReadonlyMap<string, string>;
};

export function parseKeyfile(text: string, from: string, { used, names }: Known): Found {
  const ini = parseIni(text);
  const of = (key: string): string | undefined => iniValue(ini, "connection", key);
  const type = of("type");
  const name = of("interface-name") ?? used.get(of("uuid") ?? "") ?? null;
  if (type !== undefined && !/^(ethernet|802-3-ethernet)$/.test(type)) {
    if (name === null) return NOTHING;
    const parent = type === "vlan" ? iniValue(ini, "vlan", "parent") : undefined;
    const ports = parent === undefined ? [] : [names.get(parent) ?? parent];
    return { sightings: [], made: [{ name, from, ports, sharing: true }] };
  }
  if (!ini.some(({ section }) => section === "connection")) return NOTHING;
  const wired = (key: string): string | null =>
    normalMac(iniValue(ini, "ethernet", key) ?? iniValue(ini, "802-3-ethernet", key));
  const own = wired("mac-address");
  const mac = own ?? (name === null ? null : wired("cloned-mac-address"));
  const controller = of("controller") ?? of("master");
  const manual = /^(false|no|0|off)$/i.test(of("autoconnect") ?? "");
  const configured: InterfaceConfig =
    controller !== undefined
      ? { kind: "port", of: names.get(controller) ?? controller }
      : manual
        ? { kind: "none" }
        : configOf(ini);
  const made = configured.kind === "port" && name !== null;
  return {
    sightings: [
      sighting({
        name,
        pattern: patternIn(ini),
        mac,
        how: own === null ? "sets" : "finds",
        from,
        configured,
        conditions: profileConditions(ini),
      }),
    ],
    made: made ? [{ name: configured.of, from, ports: [name], sharing: false }] : [],
  };
}

/** `[match] interface-name=en*;!enp3s0;`: the first that is not an exception. */
function patternIn(ini: Ini): string {
  const patterns = (iniValue(ini, "match", "interface-name") ?? "").split(/[;,\s]+/);
  return patterns.find((one) => one !== "" && !/^[!&|]/.test(one)) ?? "*";
}

function configOf(ini: Ini): InterfaceConfig {
  const addresses: (string | null)[] = [];
  const gateways: (string | undefined)[] = [];
  for (const { section, keys } of ini) {
    // NetworkManager reads addresses in [ipv4]; where a hand wrote them into [connection], they still tell what was meant.
    if (section !== "ipv4" && section !== "ipv6" && section !== "connection") continue;
    const never = isYes(keys.get("never-default")?.at(-1));
    for (const [key, [value = ""]] of keys) {
      if (/^address(es)?\d*$/.test(key)) {
        // address1=192.0.2.7/24,192.0.2.1: behind the comma is the gateway
        const [address = "", via] = value.split(/[,;]/, 2);
        addresses.push(cidrOf(address));
        if (!never) gateways.push(via);
      } else if (key === "gateway" && !never) gateways.unshift(value);
    }
  }
  const method = iniValue(ini, "ipv4", "method");
  if (method === "auto") return { kind: "dhcp" };
  const plain = staticOf(addresses, gateways);
  if (plain !== null) return plain;
  return method === undefined ? { kind: "dhcp" } : { kind: "none" };
}
