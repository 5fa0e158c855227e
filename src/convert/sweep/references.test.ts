// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { liveLines } from "./live-lines.ts";
import { referencesIn } from "./references.ts";

const names = (line: string): readonly string[] =>
  referencesIn(line, { serials: ["WD-123456"] }).map(({ kind, name }) => `${kind} ${name}`);

test("disks are found in paths, in /sys, in units, in lists and in rules", () => {
  assert.deepEqual(names("old -fstype=ext4 :/dev/sdb1"), ["disk /dev/sdb1"]);
  assert.deepEqual(names("mount /dev/disk/by-path/pci-0000:00:1f.2-ata-1-part1, /x"), [
    "disk /dev/disk/by-path/pci-0000:00:1f.2-ata-1-part1",
  ]);
  assert.deepEqual(names("block/cciss!c0d0/queue/scheduler = noop"), ["disk /dev/cciss/c0d0"]);
  assert.deepEqual(names("After=dev-disk-by\\x2did-ata\\x2dX.device"), ["disk /dev/disk/by-id/ata-X"]);
  assert.deepEqual(names('DRIVES="sda nvme0n1p2"'), ["disk /dev/sda", "disk /dev/nvme0n1p2"]);
  assert.deepEqual(names('  Disk "sdb"'), ["disk /dev/sdb"]);
  assert.deepEqual(names("serial WD-123456"), ["serial WD-123456"]);
});

test("what only looks like it is none", () => {
  for (const line of [
    "mount /dev/sdX1 /mnt; /dev/sdx; /dev/sd[a-z]; /dev/sd*",
    "/dev/mapper/vg0-root /dev/md0 /dev/vg0/root /dev/sr0 /dev/null /dev/ttyS0",
    "sdb sdc and the like, in words",
    "sha1=3600c29aabbccddeeff0011223344556ab md5=3600c29aabbccddeeff0011223344556",
    "2001:db8:10:1::1 12:34:56.7 0x5000",
    "ethernet method eth-x myeth0x veth0 /var/lib/eth0/x",
    "uuid=deadbeef-1234-4321-8765-0123456789ab",
  ])
    assert.deepEqual(names(line), [], line);
});

test("cards, slots, ids and volumes", () => {
  assert.deepEqual(names("-A FORWARD -i eth2.100 -o enp3s0f1 -j ACCEPT"), ["nic eth2", "nic enp3s0f1"]);
  assert.deepEqual(names("net.ipv4.conf.eth3.rp_filter=0"), ["nic eth3"]);
  assert.deepEqual(names('BusID "PCI:7:3:0"'), ["slot PCI:7:3:0"]);
  assert.deepEqual(names("wwid 3600508b400105e210000900000490000"), [
    "scsi 3600508b400105e210000900000490000",
  ]);
  assert.deepEqual(names("ip link set br0 address 00:25:90:aa:bb:cc"), ["mac 00:25:90:aa:bb:cc"]);
  assert.deepEqual(names("SERVER lic 002590aabbcc 27000"), ["mac 002590aabbcc"]);
  assert.deepEqual(names("root=UUID=deadbeef-1234-4321-8765-0123456789ab"), [
    "volume UUID=deadbeef-1234-4321-8765-0123456789ab",
  ]);
});

test("no line takes long, whatever is in it", () => {
  const started = performance.now();
  for (const piece of [
    "/dev/",
    "sda ",
    "00:",
    'A="sda ',
    "--fs-uuid ",
    "dev-",
    "3600",
    "0000:",
    "lspci ",
    '"',
  ])
    referencesIn(piece.repeat(4096 / piece.length), { serials: ["x1x1x1"] });
  assert.ok(performance.now() - started < 2000);
});

test("liveLines() leaves out comments and what is said to people, and keeps the numbers", () => {
  const text = [
    "# /dev/sda",
    "a=/dev/sdb # c",
    "/* x",
    " y */ z",
    'echo "mount /dev/sdc"',
    "echo 1 > /sys/x",
    "; ini",
    "<!-- a",
    "b --><c/>",
    "url=http://x/#y",
  ].join("\n");
  assert.deepEqual(
    liveLines(text).map(({ number, text: line }) => `${number}:${line.trim()}`),
    ["2:a=/dev/sdb", "4:z", "6:echo 1 > /sys/x", "9:<c/>", "10:url=http://x/#y"],
  );
});
