// SPDX-License-Identifier: Apache-2.0
// The block devices of the sample machine as files of /sys and of udev's records, with one of everything: LVM on RAID 1,
// LUKS, NVMe, eMMC, cciss, multipath, 4 KiB sectors.
import type { MemoryFile } from "../../src/system/index.ts";

export type Files = Record<string, MemoryFile>;

export type SampleDevice = {
  readonly name: string;
  readonly devno: string;
  /** In units of 512 bytes. */
  readonly size: number;
  readonly attributes?: Readonly<Record<string, MemoryFile>>;
  /** udev's record, without `E:`. */
  readonly udev?: readonly string[];
  readonly partitions?: readonly SamplePartition[];
  readonly slaves?: readonly string[];
};

type SamplePartition = {
  readonly number: number;
  readonly devno: string;
  readonly start: number;
  readonly size: number;
  readonly udev?: readonly string[];
};

const homes = new Map<string, string>();

export function deviceFiles(device: SampleDevice): Files {
  const { name, devno, size, attributes = {}, udev, partitions = [], slaves = [] } = device;
  const isVirtual = /^(dm-|md|loop)/.test(name);
  const home = isVirtual
    ? `devices/virtual/block/${name}`
    : `devices/pci0000:00/0000:00:1f.2/host0/block/${name}`;
  homes.set(name, `/sys/${home}`);
  const files: Files = {
    [`/sys/block/${name}`]: { link: `../${home}` },
    [`/sys/class/block/${name}`]: { link: `../../${home}` },
    [`/sys/dev/block/${devno}`]: { link: `../../${home}` },
    [`/sys/${home}/dev`]: `${devno}\n`,
    [`/sys/${home}/size`]: `${size}\n`,
    [`/sys/${home}/queue/logical_block_size`]: "512\n",
  };
  for (const [path, file] of Object.entries(attributes)) files[`/sys/${home}/${path}`] = file;
  if (udev !== undefined) files[`/run/udev/data/b${devno}`] = record(udev);
  for (const part of partitions) {
    const kname = /\d$/.test(name) ? `${name}p${part.number}` : `${name}${part.number}`;
    const at = `${home}/${kname}`;
    homes.set(kname, `/sys/${at}`);
    files[`/sys/class/block/${kname}`] = { link: `../../${at}` };
    files[`/sys/dev/block/${part.devno}`] = { link: `../../${at}` };
    files[`/sys/${at}/dev`] = `${part.devno}\n`;
    files[`/sys/${at}/partition`] = `${part.number}\n`;
    files[`/sys/${at}/start`] = `${part.start}\n`;
    files[`/sys/${at}/size`] = `${part.size}\n`;
    if (part.udev !== undefined) files[`/run/udev/data/b${part.devno}`] = record(part.udev);
  }
  for (const slave of slaves) {
    const below = homes.get(slave) ?? `/sys/block/${slave}`;
    files[`/sys/${home}/slaves/${slave}`] = { link: below };
    files[`${below}/holders/${name}`] = { link: `/sys/${home}` };
  }
  return files;
}

const record = (lines: readonly string[]): string =>
  `S:disk/by-id/x\nI:1234\n${lines.map((l) => `E:${l}\n`).join("")}`;

const gpt = (number: number, type: string): string[] => [
  "ID_PART_ENTRY_SCHEME=gpt",
  `ID_PART_ENTRY_TYPE=${type}`,
  `ID_PART_ENTRY_UUID=00000000-0000-4000-8000-00000000000${number}`,
  `ID_PART_ENTRY_NUMBER=${number}`,
];
const content = (usage: string, type: string, uuid: string): string[] => [
  `ID_FS_USAGE=${usage}`,
  `ID_FS_TYPE=${type}`,
  `ID_FS_UUID=${uuid}`,
  `ID_FS_UUID_ENC=${uuid}`,
];

const ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const RAID = "a19d880f-05fc-4d3b-a006-743f0f84911e";
const ARRAY = "5a2f8ac9-3b1c-4d27-9b39-9f5a1c1f0b11";
const GIB = 2 ** 21;

const mirrored = (name: string, devno: string, minor: number): SampleDevice => ({
  name,
  devno,
  size: 100 * GIB,
  attributes: {
    "device/vendor": "ATA     \n",
    "device/model": "SAMSUNG MZ7KM480\n",
    "device/vpd_pg80": Uint8Array.from([0, 0x80, 0, 8, ...Buffer.from(`  SN-${name}`)]),
  },
  udev: ["ID_PART_TABLE_TYPE=gpt"],
  partitions: [
    {
      number: 1,
      devno: `8:${minor + 1}`,
      start: 2048,
      size: GIB,
      udev: [...gpt(1, ESP), ...content("filesystem", "vfat", "A1B2-C3D4"), "ID_FS_LABEL_ENC=EFI\\x20boot"],
    },
    {
      number: 2,
      devno: `8:${minor + 2}`,
      start: 2048 + GIB,
      size: 98 * GIB,
      udev: [...gpt(2, RAID), ...content("raid", "linux_raid_member", ARRAY)],
    },
  ],
});

const lvm = (
  name: string,
  minor: number,
  lv: string,
  size: number,
  udev: readonly string[],
): SampleDevice => ({
  name: `dm-${minor}`,
  devno: `253:${minor}`,
  size,
  attributes: { "dm/name": `${name}\n`, "dm/uuid": `LVM-${"g".repeat(32)}${lv.repeat(32)}\n` },
  udev: [...udev],
  slaves: ["md127"],
});

export const SAMPLE_DEVICES: readonly SampleDevice[] = [
  mirrored("sda", "8:0", 0),
  mirrored("sdb", "8:16", 16),
  { name: "sdc", devno: "8:32", size: 0, attributes: { removable: "1\n" } },
  {
    name: "sdd",
    devno: "8:48",
    size: 4 * GIB,
    attributes: { "device/vendor": "HP      \n", "device/model": "LOGICAL VOLUME\n" },
    udev: ["ID_FS_TYPE=mpath_member", "ID_SERIAL_SHORT=600508b1"],
  },
  {
    name: "sde",
    devno: "8:64",
    size: 4 * GIB,
    attributes: { "device/vendor": "HP      \n", "device/model": "LOGICAL VOLUME\n" },
    udev: ["ID_FS_TYPE=mpath_member", "ID_SERIAL_SHORT=600508b1"],
  },
  {
    name: "nvme0n1",
    devno: "259:0",
    size: 32 * GIB,
    attributes: {
      "device/model": "INTEL SSDPE2KX010T8\n",
      "device/serial": "BTLJ0001\n",
      "queue/logical_block_size": "4096\n",
    },
    udev: content("crypto", "crypto_LUKS", "11111111-2222-4333-8444-555555555555"),
  },
  { name: "nvme0c0n1", devno: "259:9", size: 32 * GIB, attributes: { hidden: "1\n" } },
  {
    name: "cciss!c0d0",
    devno: "104:0",
    size: 10 * GIB,
    udev: ["ID_PART_TABLE_TYPE=dos"],
    partitions: [
      {
        number: 1,
        devno: "104:1",
        start: 63,
        size: 2 * GIB,
        udev: [
          "ID_PART_ENTRY_SCHEME=dos",
          "ID_PART_ENTRY_TYPE=0x83",
          "ID_PART_ENTRY_FLAGS=0x80",
          "ID_PART_ENTRY_UUID=0badcafe-01",
          ...content("filesystem", "ext3", "22222222-2222-4222-8222-222222222222"),
        ],
      },
      {
        number: 2,
        devno: "104:2",
        start: 63 + 2 * GIB,
        size: 2,
        udev: ["ID_PART_ENTRY_SCHEME=dos", "ID_PART_ENTRY_TYPE=0x5", "ID_PART_ENTRY_UUID=0badcafe-02"],
      },
      {
        number: 5,
        devno: "104:5",
        start: 126 + 2 * GIB,
        size: GIB,
        udev: [
          "ID_PART_ENTRY_SCHEME=dos",
          "ID_PART_ENTRY_TYPE=0x82",
          "ID_PART_ENTRY_UUID=0badcafe-05",
          ...content("other", "swap", "33333333-3333-4333-8333-333333333333"),
        ],
      },
    ],
  },
  { name: "mmcblk0", devno: "179:0", size: 8 * GIB, attributes: { "device/serial": "0x1234abcd\n" } },
  { name: "mmcblk0boot0", devno: "179:8", size: 8192 },
  { name: "mmcblk0rpmb", devno: "179:24", size: 8192 },
  { name: "sr0", devno: "11:0", size: 2 * GIB },
  { name: "loop0", devno: "7:0", size: GIB },
  {
    name: "md127",
    devno: "9:127",
    size: 97 * GIB,
    attributes: { "md/level": "raid1\n" },
    udev: [
      `MD_UUID=${ARRAY}`,
      "MD_DEVNAME=data",
      ...content("raid", "LVM2_member", "aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg"),
    ],
    slaves: ["sda2", "sdb2"],
  },
  lvm("vg--0-root", 0, "r", 40 * GIB, [
    ...content("filesystem", "xfs", "44444444-4444-4444-8444-444444444444"),
    "ID_FS_LABEL_ENC=Systempartition f\\xc3\\xbcr alles",
  ]),
  lvm("vg--0-swap", 1, "s", 8 * GIB, content("other", "swap", "55555555-5555-4555-8555-555555555555")),
  {
    name: "dm-2",
    devno: "253:2",
    size: 31 * GIB,
    attributes: { "dm/name": "secret\n", "dm/uuid": "CRYPT-LUKS2-11111111222243338444555555555555-secret\n" },
    udev: content("filesystem", "ext4", "66666666-6666-4666-8666-666666666666"),
    slaves: ["nvme0n1"],
  },
  {
    name: "dm-3",
    devno: "253:3",
    size: 4 * GIB,
    attributes: { "dm/name": "mpatha\n", "dm/uuid": "mpath-3600508b1\n" },
    udev: ["ID_PART_TABLE_TYPE=gpt"],
    slaves: ["sdd", "sde"],
  },
  {
    name: "dm-4",
    devno: "253:4",
    size: 3 * GIB,
    attributes: { "dm/name": "mpatha1\n", "dm/uuid": "part1-mpath-3600508b1\n" },
    slaves: ["dm-3"],
  },
];
