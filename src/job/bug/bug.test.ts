// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { keepSecret } from "../../core/index.ts";
import { blotContent, contentOf } from "./content.ts";
import { shortenTrace } from "./files.ts";
import { linesAboutDisks } from "./kernel-log.ts";

test("of the kernel's log only lines about disks are taken, and no command line", () => {
  const log = `[    0.000000] Command line: root=/dev/sda1 rd.iscsi.password=verysecret
[    0.100000] Kernel command line: root=/dev/sda1 rd.iscsi.password=verysecret
[    1.000000] ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)
[    1.100000] sd 0:0:0:0: [sda] 41943040 512-byte logical blocks: (21.5 GB/20.0 GiB)
[    1.200000] usb 1-1: SerialNumber: 12345
[    1.300000] EXT4-fs (sda1): mounted filesystem
[    1.400000] wlan0: authenticated with 00:11:22:33:44:55
[    1.500000] blk_update_request: I/O error, dev nvme0n1, sector 0
[    1.600000] audit: type=1400 apparmor="ALLOWED" name="/dev/sda" comm="mount"
[    1.700000] device-mapper: snapshots: Invalidating snapshot`;
  assert.deepEqual(
    linesAboutDisks(log).map((line) => line.slice(15, 27)),
    ["ata1: SATA l", "sd 0:0:0:0: ", "EXT4-fs (sda", "blk_update_r", "device-mappe"],
  );
  const many = Array.from({ length: 5000 }, (_, index) => `sda: line ${index}`);
  assert.deepEqual(linesAboutDisks(many.join("\n")), many.slice(2000));
});

test("a long trace keeps whole lines of its begin and of its end", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${`${index}`.padStart(3, "0")}\n`);
  assert.equal(shortenTrace(lines.join("")), lines.join(""));
  assert.equal(
    shortenTrace(lines.join(""), { first: 20, last: 20 }),
    "line 000\nline 001\n# cut: 864 letters are left out here\nline 098\nline 099\n",
  );
});

test("no content keeps a secret: text, JSON, or JSON that is damaged", () => {
  keepSecret("my own passphrase");
  const texts = [
    '{"psk":"SECRET","a":["x password=SECRET","my own passphrase"]}',
    '{"psk":"SECRET", my own passphrase',
  ];
  for (const text of texts) {
    const bytes = blotContent(contentOf(Buffer.from(text)));
    assert.ok(bytes !== null);
    assert.doesNotMatch(Buffer.from(bytes).toString(), /SECRET|my own/);
  }
  assert.equal(blotContent({ kind: "left-out", why: "it is not there" }), null);
});
