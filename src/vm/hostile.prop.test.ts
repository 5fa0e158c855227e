// SPDX-License-Identifier: Apache-2.0
// What a started VM says and shows, and what a host says of it: any of it is survived, soon, and is plain text afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes, damagedText } from "../../tests/support/hostile-bytes.ts";
import { check } from "../../tests/support/laws.ts";
import { parseSurvey } from "./check/host.ts";
import { cleanLine, consoleLines } from "./verdict/console-lines.ts";
import { parseNvram, parsePflash } from "./define/define-libvirt.ts";
import { explainConsole, isFinalLine } from "./verdict/explain-console.ts";
import { parsePpm } from "./check/png.ts";
import { parseProbe } from "./probe/probe.ts";
import { parseScreenText } from "./check/screen-text.ts";
import { escapePath, hardwareReason, waitsForOtherMachine } from "./verdict/waiting-units.ts";
import { assertLinear, filled } from "../../tests/support/growth.ts";

/** As probe.ts has it. */
const PROBE_MARK = "P2V-PROBE ";
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e]/;

const LINES = [
  "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n",
  "\u001b[2J\u001b[1;1HGNU GRUB  version 2.06\n\u001b[0m error: no such device: 3f1c.\n",
  `${PROBE_MARK}{"state":"running","failed":[{"unit":"x.service","result":"exit-code"}],"links":[],"routes":[]}\n`,
  "Gave up waiting for root file system device.\nBusyBox v1.35\n(initramfs) ",
];

test("the console of a VM: cut anywhere, each line is plain and short of work", (t) =>
  check(
    t,
    fc.property(fc.array(damagedText(...LINES), { maxLength: 6 }), (parts) => {
      const lines = consoleLines();
      const seen: string[] = [];
      for (const part of parts) seen.push(...lines.push(Buffer.from(part)));
      for (const line of [...seen, ...lines.last(20)]) {
        assert.doesNotMatch(line, OBEYED);
        isFinalLine(line);
        parseProbe(line);
      }
      assert.equal(typeof explainConsole(lines.last(50)), "string");
      lines.text();
    }),
    { runs: 100 },
  ));

const WORDS: Readonly<Record<string, readonly [(text: string) => unknown, ...string[]]>> = {
  cleanLine: [cleanLine, ...LINES],
  parseProbe: [parseProbe, ...LINES],
  parseSurvey: [parseSurvey, "cpus=2\nmemory=1024\nkvm=yes\nqemu=8.2\n"],
  parseNvram: [parseNvram, "<os><nvram template='/usr/x_VARS.fd'>/var/lib/x.fd</nvram></os>"],
  parsePflash: [(text) => parsePflash(text, []), '{"filename":"/a","node-name":"libvirt-pflash0-storage"}'],
  units: [
    (text) => {
      const all = [{ unit: text, result: text }];
      const waits = all.map((one) => waitsForOtherMachine(one, { guest: { mounts: [] }, all }));
      return [hardwareReason(text), waits, escapePath(text)];
    },
    "dev-disk-by\\x2duuid-3f1c.device",
    "/mnt/a b",
  ],
};

for (const [name, [parse, ...sound]] of Object.entries(WORDS))
  test(`${name}: no words make it throw`, (t) =>
    check(
      t,
      fc.property(damagedText(...sound), (text) => {
        parse(text);
      }),
    ));

test("screens: a picture or a RangeError; text of printable characters", (t) =>
  check(
    t,
    fc.property(damagedBytes(Buffer.concat([Buffer.from("P6\n4 4\n255\n"), Buffer.alloc(48)])), (bytes) => {
      try {
        const { width, height, rgb } = parsePpm(bytes);
        assert.equal(rgb.length, width * height * 3);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      for (const row of parseScreenText(bytes)) assert.doesNotMatch(row, OBEYED);
    }),
  ));

test("a text without structure is worked through in linear time", async () => {
  for (const unit of ["a", " ", "\u001b[", "\u001b[1;", "\u001b]", "\r", "<nvram ", '{"', PROBE_MARK, "[ "]) {
    const on = JSON.stringify(unit);
    for (const [name, [parse]] of Object.entries(WORDS))
      await assertLinear(`${name} on ${on}`, (scale) => parse(filled(unit, scale)));
    await assertLinear(`console on ${on}`, (scale) => {
      consoleLines().push(Buffer.from(filled(unit, scale)));
      explainConsole([filled(unit, scale)]);
    });
  }
});
