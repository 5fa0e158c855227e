// SPDX-License-Identifier: Apache-2.0
// What in a line of a guest's file names hardware: disks, cards, slots, serial numbers. By its words alone; pure.
import { isHardwareName } from "../../core/index.ts";

export type Reference = {
  readonly kind: /** A disk or partition; `name` is its path. */
    | "disk"
    /** A SCSI id or WWN, an address in SCSI, a host adapter. */
    | "scsi"
    | "serial"
    | "volume"
    /** A tape drive, changer or other device with a node of its own. */
    | "device"
    | "slot"
    | "mac"
    | "nic";
  readonly name: string;
};

/** Longer lines were not written by a person. */
const MAX_LINE = 4096;
const MAX_PER_LINE = 8;

/** `serials`: of the old machine's disks. */
export function referencesIn(
  line: string,
  { serials }: { serials: readonly string[] },
): readonly Reference[] {
  const text = line.slice(0, MAX_LINE);
  const found = new Map<string, Reference>();
  const add = (kind: Reference["kind"], name: string): void => {
    if (found.size < MAX_PER_LINE && !found.has(name)) found.set(name, { kind, name });
  };
  for (const path of devicePaths(text)) {
    if (isDisk(path)) add("disk", path);
    else if (OTHER_DEVICE.test(path)) add("device", path);
  }
  for (const [pattern, group, kind] of PATTERNS)
    for (const match of text.matchAll(pattern)) {
      const name = match[group];
      if (name !== undefined && name !== "" && !inFound(name, found))
        add(kind, kind === "volume" ? `UUID=${name}` : name);
    }
  for (const serial of serials) if (text.includes(serial) && !inFound(serial, found)) add("serial", serial);
  return [...found.values()];
}

/** Part of a longer name that is there: an id within /dev/disk/by-id. */
const inFound = (name: string, found: ReadonlyMap<string, Reference>): boolean =>
  [...found.keys()].some((known) => known.includes(name));

/** `/dev/sdx`, `/dev/sdX1`, `/dev/sdxy` stand for any disk in words and messages. */
const PLACEHOLDER = /^\/dev\/(?:sd|hd|vd)[xyz]{1,2}\d*$/;

const isDisk = (path: string): boolean => isHardwareName(path) && !PLACEHOLDER.test(path);

function* devicePaths(text: string): Generator<string> {
  for (const [path] of text.matchAll(
    /\/dev\/(?:disk\/by-[a-z]+\/[^\s"'`,;|&<>()[\]{}]+|[A-Za-z0-9_+./!-]+)/g,
  ))
    yield path.replace(/[.,;:)]+$/, "");
  // Units of systemd: dev-sdb1.device, dev-disk-by\x2did-ata\x2dX.device
  for (const [, unit = ""] of text.matchAll(
    /(?:^|[^A-Za-z0-9/])dev-([A-Za-z0-9\\_.:-]{1,200})\.(?:device|swap)\b/g,
  ))
    yield `/dev/${unit.replaceAll("-", "/").replaceAll("\\x2d", "-")}`;
  // Names in /sys and those that udev matches.
  for (const [, name = ""] of text.matchAll(SYS_BLOCK)) yield `/dev/${name.replace("!", "/")}`;
  for (const [, name = ""] of text.matchAll(/\bKERNELS?\s*==?\s*"([a-z0-9!]{3,20})"/g))
    yield `/dev/${name.replace("!", "/")}`;
  for (const [, , name = ""] of text.matchAll(/(["'])((?:sd|hd)[a-h]\d{0,2}|nvme\d+n\d+(?:p\d+)?)\1/g))
    yield `/dev/${name}`;
  const list = LIST.exec(text)?.[1] ?? "";
  for (const name of list.split(/[ ,]+/)) if (name !== "") yield `/dev/${name}`;
}

const SYS_BLOCK = /\bblock\/((?:sd|hd|vd|xvd)[a-z]{1,2}|nvme\d+n\d+|cciss!c\d+d\d+)(?=[/\s"']|$)/g;
/** `DISKS="sda sdb"` */
const LIST =
  /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*[=:]\s*["'[(]*((?:(?:sd|hd)[a-h]\d{0,2}|nvme\d+n\d+(?:p\d+)?)(?:[ ,]+(?:(?:sd|hd)[a-h]\d{0,2}|nvme\d+n\d+(?:p\d+)?))*)["'\])]*\s*$/;

/** Tapes and changers; serial ports beside the VM's one; what hangs on USB. */
const OTHER_DEVICE =
  /^\/dev\/(?:n?st\d+[alm]?|sg\d+|tape\/by-[a-z]+\/.+|changer\d*|ttyUSB\d+|ttyACM\d+|ttyS[1-9]\d?|serial\/by-[a-z]+\/.+|usb\/.+|lp\d|ipmi\d|hidraw\d)$/;

const HEX = "(?<![0-9A-Za-z])";
const MAC = "((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2})(?![0-9a-f:-])";
const NIC =
  "eth\\d{1,2}|eno\\d{1,4}(?:np\\d+|d\\d+)?|ens\\d{1,4}(?:f\\d+)?(?:np\\d+|d\\d+)?|enp\\d{1,3}s\\d{1,3}(?:f\\d+)?(?:np\\d+|d\\d+)?|enx[0-9a-f]{12}|em\\d{1,2}|p\\d{1,2}p\\d{1,2}|ib\\d{1,2}|wlan\\d|wlp\\d+s\\d+";
const UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9A-F]{4}-[0-9A-F]{4}|[0-9a-f]{8}-[0-9a-f]{2}";

type Pattern = readonly [pattern: RegExp, group: number, kind: Reference["kind"]];

const PATTERNS: readonly Pattern[] = [
  // Ids of SCSI: NAA types 5 and 6, as scsi_id, multipath and udev write them.
  [new RegExp(`${HEX}(3[56][0-9a-f]{15}(?:[0-9a-f]{16})?)(?![0-9A-Za-z])`, "gi"), 1, "scsi"],
  [
    new RegExp(`${HEX}((?:0x|naa\\.|eui\\.|wwn-0x)[256][0-9a-f]{15}(?:[0-9a-f]{16})?)(?![0-9A-Za-z])`, "gi"),
    1,
    "scsi",
  ],
  // What udev and multipath compare with an id or serial number, whatever it looks like.
  [
    /(?:RESULT\s*==\s*"|\bwwid\s+"?|mpath-|by-id\/(?:scsi|wwn|ata|nvme)-)([0-9a-f]{16,40})(?![0-9A-Za-z])/gi,
    1,
    "scsi",
  ],
  [
    /\b(?:ID_SERIAL(?:_SHORT)?|ID_WWN(?:_WITH_EXTENSION)?|ID_SCSI_SERIAL|DM_SERIAL)\}?\s*==?\s*"([^"*?$]{4,80})"/g,
    1,
    "serial",
  ],
  [/\bATTRS?\{(?:wwid|serial|device\/serial|vpd_pg80)\}\s*==\s*"([^"*?$]{4,80})"/g, 1, "serial"],
  [
    /(?:scsi_device\/|scsi_disk\/|scsi\/devices\/|KERNELS?\s*==\s*"|\bhctl["\s:=]{1,4})(\d{1,3}:\d{1,3}:\d{1,3}:\d{1,5})(?!\d|:)/gi,
    1,
    "scsi",
  ],
  [/\/sys\/class\/(?:scsi|fc|iscsi)_host\/(host\d{1,3})\b/g, 1, "scsi"],
  // `/dev/raw/raw1 8 17`: the numbers of /dev/sdb1.
  [/^\s*\/dev\/raw\/raw\d+\s+(\d{1,3}\s+\d{1,5})\s*$/g, 1, "disk"],
  [/(?<![0-9a-f:.])([0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7])(?![0-9a-f.:])/gi, 1, "slot"],
  [
    /(?:hide=|KERNELS?\s*==\s*"|^\s*channel\s+|\blspci\b[^#]{0,60}-s\s+|\bsetpci\b[^#]{0,60}-s\s+)\(?([0-9a-f]{2}:[01][0-9a-f]\.[0-7])/gi,
    1,
    "slot",
  ],
  [/\bBusID\s+"?(PCI:[0-9@:]{3,20})/gi, 1, "slot"],
  [
    new RegExp(
      `(?:address\\}?|addr|HWADDR|MACADDR|hwaddress|mac|ether|ifname=[a-z0-9]{1,15}|BOOTIF)["'=:\\s]{1,6}(?:01-)?${MAC}`,
      "gi",
    ),
    1,
    "mac",
  ],
  // The host of a licence of FlexLM.
  [/^\s*SERVER\s+\S{1,100}\s+([0-9a-f]{12})(?:\s|$)/gi, 1, "mac"],
  [new RegExp(`(?<![\\w/-])(?<!\\w\\.)(${NIC})(?:[.:]\\d{1,4})?(?![\\w-])`, "g"), 1, "nic"],
  [/\b(?:conf|neigh)[./](eth\d{1,2}|en[ops][a-z0-9]{1,14}|em\d{1,2}|p\d{1,2}p\d{1,2})[./]/g, 1, "nic"],
  [/\/sys\/class\/net\/(eth\d{1,2}|en[ops][a-z0-9]{1,14}|em\d{1,2}|p\d{1,2}p\d{1,2}|ib\d{1,2})\b/g, 1, "nic"],
  [
    new RegExp(
      `(?:\\b(?:PART)?UUID=|by-(?:part)?uuid/|--fs-uuid\\s(?:[^#]{0,200}\\s)?)["']?(${UUID})(?![0-9A-Za-z-])`,
      "g",
    ),
    1,
    "volume",
  ],
];
