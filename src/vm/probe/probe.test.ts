// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PROBE_BYTES, parseProbe } from "./probe.ts";

const JSON_TEXT = `{"format":"p2v-probe/1","root":null,"rootSource":"/dev/vda1","kernel":"6.1.0","state":"running","uptime":9,"failed":[],"waiting":[],"ip":true,"links":[{"name":"eth0","mac":"52:54:00:AB:CD:EF","state":"up","master":null,"physical":true,"carrier":true,"addresses":["10.0.2.15/24"]}],"routes":[]}`;

test("parseProbe() reads the line, also behind what stood there already", () => {
  const probe = parseProbe(`aurora login: P2V-PROBE ${JSON_TEXT} `);
  assert.equal(probe?.rootSource, "/dev/vda1");
  assert.equal(probe?.links[0]?.mac, "52:54:00:ab:cd:ef");
});

test("parseProbe() gives null for what is not a probe, or was printed into", () => {
  const bad = [
    "",
    "P2V-PROBE",
    "P2V-PROBE {",
    "P2V-PROBE }{",
    `P2V-PROBE ${JSON_TEXT.slice(0, 80)}[    9.123456] usb 1-1: new device${JSON_TEXT.slice(80)}`,
    `P2V-PROBE ${JSON_TEXT.replace("p2v-probe/1", "p2v-probe/2")}`,
    `P2V-PROBE ${JSON_TEXT.replace('"uptime":9', '"uptime":-1')}`,
    `P2V-PROBE ${JSON_TEXT.replace('"eth0"', `"${"e".repeat(300)}"`)}`,
    `P2V-PROBE {"a":"${"x".repeat(MAX_PROBE_BYTES)}"}`,
    `X ${JSON_TEXT}`,
  ];
  for (const line of bad) assert.equal(parseProbe(line), null, line.slice(0, 100));
});
