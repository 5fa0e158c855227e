// SPDX-License-Identifier: Apache-2.0
// Names that other programs read hold nothing that these would take for more than a name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isInterfaceName, isMac, isVmName, parseMac } from "./safe-names.ts";

test("isInterfaceName() lets nothing into udev rules that would need quoting", () => {
  for (const good of ["enp3s0", "eth0", "lan-1", "a", "eno1.10", "p2p1", "a-b.c_d"])
    assert.equal(isInterfaceName(good), true, good);
  for (const bad of ["", "a b", 'x"', "../x", "a/b", "abcdefghijklmnop", "eth0\nRUN", "-x", ".", "%k", "$x"])
    assert.equal(isInterfaceName(bad), false, bad);
});

test("parseMac() takes the usual spellings, and refuses what no card has", () => {
  assert.equal(parseMac(" 52-54-00-AB-CD-EF \n"), "52:54:00:ab:cd:ef");
  for (const bad of [
    "",
    "01:00:5e:00:00:01",
    "00:00:00:00:00:00",
    "ff:ff:ff:ff:ff:ff",
    "52:54:00:12:34",
    "52:54:00:12:34:56:78",
    '52:54:00:12:34:5"',
    "52:54:00:12:34:5g",
    "525400123456",
  ])
    assert.equal(parseMac(bad), null, bad);
});

test("isMac() takes an address as it stands, in upper case too", () => {
  assert.equal(isMac("00:16:3E:00:00:01"), true);
  for (const bad of ["00-16-3e-00-00-01", " 00:16:3e:00:00:01", "01:16:3e:00:00:01"])
    assert.equal(isMac(bad), false, bad);
});

test("isVmName() takes no path, no option, and no name beyond what hosts know", () => {
  for (const good of ["web", "web.example.org", "a", "1_2-3"]) assert.equal(isVmName(good), true, good);
  for (const bad of ["", ".web", "-web", "a..b", "a/b", "a b", "ä", "x".repeat(64)])
    assert.equal(isVmName(bad), false, bad);
});
