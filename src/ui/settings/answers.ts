// SPDX-License-Identifier: Apache-2.0
// Settings as the user gave them become Answers; each wrong value is named with what would be right.
import {
  type Destination,
  type Hypervisor,
  isInterfaceName,
  keyOfName,
  parseDuration,
  parseMac,
  parseSize,
  type ProblemCode,
  UserError,
  VOLUME_PATH,
} from "../../core/index.ts";
import {
  type Answers,
  DEFAULT_TRANSFER,
  type HostAnswers,
  type KeyAnswer,
  type ToldDisk,
  parseWindowEnd,
} from "../../plan/index.ts";
import { skipAllBut } from "../../convert/index.ts";
import type { Given } from "./parse.ts";
import type { SettingName } from "./table.ts";

/** Settings that may have a wrong value: each has a code of its own. */
type Checked = { [N in SettingName]: `${N}-wrong` extends ProblemCode ? N : never }[SettingName];

function wrong(name: Checked, value: string, right: string): UserError {
  return new UserError(`${name}-wrong`, `--${name} "${value}" is not understood`, {
    advice: `Give ${right}`,
  });
}

function choice<const T extends string>(given: Given, name: Checked, choices: readonly T[]): T | null {
  const value = given.one(name);
  if (value === null) return null;
  const found = choices.find((one) => one === value);
  if (found === undefined) throw wrong(name, value, `one of ${choices.join(", ")}`);
  return found;
}

function size(given: Given, name: Checked, { leastBytes }: { leastBytes: number }): number | null {
  const value = given.one(name);
  if (value === null) return null;
  const bytes = parseSize(value);
  if (bytes === null || bytes < leastBytes)
    throw wrong(name, value, "a size of at least 64 MiB, such as 2G or 512M");
  return bytes;
}

function count(given: Given, name: Checked, most: number): number | null {
  const value = given.one(name);
  if (value === null) return null;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > most) throw wrong(name, value, `a number from 1 to ${most}`);
  return number;
}

function compress(given: Given): "auto" | "none" | number {
  const value = given.one("compress") ?? "auto";
  if (value === "auto" || value === "none") return value;
  const level = /^\d{1,2}$/.test(value) ? Number(value) : 0;
  if (level < 1 || level > 19) throw wrong("compress", value, "auto, none, or a level from 1 to 19");
  return level;
}

/** At least 64 KiB/s: below, a single cell would take longer than the agent waits for a word. */
function rate(given: Given): number | null {
  const value = given.one("limit-rate");
  if (value === null) return null;
  const bytes = parseSize(value.replace(/\/s$/, ""));
  if (bytes === null || bytes < 65_536)
    throw wrong("limit-rate", value, "bytes a second, at least 64K, such as 20M");
  return bytes;
}

function windowEnds(given: Given): Date | null {
  const value = given.one("window-ends");
  if (value === null) return null;
  const end = parseWindowEnd(value, new Date());
  if (end === null) throw wrong("window-ends", value, "a time such as 06:30, or 2026-11-24T06:30");
  return end;
}

function retryForMs(given: Given): number | null {
  const value = given.one("retry-for");
  if (value === null) return null;
  const seconds = parseDuration(value);
  if (seconds === null) throw wrong("retry-for", value, "a time such as 90s, 10m or 2h; 0: not at all");
  return seconds * 1000;
}

function nics(given: Given): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const text of given.many("nic")) {
    const [name = "", macText = "", ...more] = text.split("=");
    const mac = parseMac(macText);
    if (mac === null || more.length > 0 || !isInterfaceName(name))
      throw wrong("nic", text, "NAME=MAC, such as enp3s0=52:54:00:12:34:56 (no group address)");
    map.set(name, mac);
  }
  return map;
}

export function was(given: Given): readonly ToldDisk[] {
  const told: ToldDisk[] = [];
  for (const text of given.many("was")) {
    const [, name = "", disk = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (keyOfName(name) === null || disk === "")
      throw wrong(
        "was",
        text,
        "NAME=DISK, such as /dev/sdb=/dev/sda: the old machine's name, and a given disk",
      );
    told.push({ spec: name, disk });
  }
  return told;
}

function firmware(given: Given): Answers["firmware"] {
  switch (choice(given, "firmware", ["bios", "uefi", "secure"])) {
    case "bios":
      return { kind: "bios" };
    case "uefi":
      return { kind: "uefi", secureBoot: false };
    case "secure":
      return { kind: "uefi", secureBoot: true };
    case null:
      return null;
  }
}

/** `br0` for all, `eno1=br0` for one; the C virt-p2v writes `eno1:br0`. */
function networks(given: Given): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const text of given.many("network")) {
    const [, nic = null, network = ""] =
      /^(?:([^=:]*)[=:])?([A-Za-z0-9][A-Za-z0-9._-]{0,62})$/.exec(text) ?? [];
    if (network === "" || (nic !== null && !isInterfaceName(nic)) || map.has(nic ?? "*"))
      throw wrong("network", text, "a network or bridge of the host, or NIC=NETWORK, each once");
    map.set(nic ?? "*", network);
  }
  return map;
}

function volume(text: string): string {
  if (!VOLUME_PATH.test(text))
    throw wrong("volume", text, "the path of a block device on the host, such as /dev/vg0/web");
  return text;
}

/** `UUID=FILE` for one volume, or a file for any. */
export const keysOf = (given: Given): readonly KeyAnswer[] => parseKeys(given.many("key"));

export function parseKeys(texts: readonly string[]): readonly KeyAnswer[] {
  return texts.map((text) => {
    const [, uuid = null, path = ""] =
      /^(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})=)?(.+)$/i.exec(text) ?? [];
    if (path === "") throw wrong("key", text, "a file, or UUID=FILE");
    return { uuid, from: { kind: "file", path } };
  });
}

export const hypervisorOf = (given: Given): Hypervisor =>
  choice(given, "hypervisor", ["auto", "libvirt", "xen", "proxmox", "qemu"]) ?? "auto";

export const hostAnswersOf = (given: Given): HostAnswers => ({
  networks: networks(given),
  linkUp: choice(given, "link", ["up", "down"]) !== "down",
  autostart: given.flag("autostart"),
  start: given.flag("start"),
});

export function answersOf(given: Given, destination: Destination): Answers {
  if (given.flag("update") && given.flag("replace"))
    throw new UserError("update-and-replace", "--update and --replace exclude each other", {
      advice: "Give --update to send only what differs, --replace to begin anew",
    });
  const only = given.many("only");
  return {
    disks: given.many("disk"),
    destination,
    name: given.one("name"),
    hypervisor: hypervisorOf(given),
    format: choice(given, "format", ["raw", "qcow2"]) ?? "raw",
    volumes: given.many("volume").map(volume),
    memoryBytes: size(given, "memory", { leastBytes: 64 * 2 ** 20 }),
    vcpus: count(given, "vcpus", 512),
    firmware: firmware(given),
    nics: nics(given),
    proof: choice(given, "proof", ["counters", "used", "full"]),
    bootCheck: !given.flag("no-boot-check"),
    replace: given.flag("replace"),
    update: given.flag("update"),
    trustWrites: given.flag("trust-writes"),
    asIs: given.flag("as-is"),
    mirrors: choice(given, "mirrors", ["keep", "one"]) ?? "keep",
    root: given.one("root"),
    was: was(given),
    keys: keysOf(given),
    skipSteps: [...given.many("skip"), ...skipAllBut(only)],
    withSteps: [...given.many("with"), ...only], // who asks for just this step means it
    extras: given.one("extras"),
    transfer: {
      lanes: count(given, "lanes", 16),
      receiver: choice(given, "receiver", ["auto", "agent", "shell"]) ?? "auto",
      compress: compress(given),
      limitBytesPerSecond: rate(given),
      retryForMs: retryForMs(given) ?? DEFAULT_TRANSFER.retryForMs,
      skipBadSectors: given.flag("skip-bad-sectors"),
    },
    windowEnds: windowEnds(given),
    host: hostAnswersOf(given),
  };
}
