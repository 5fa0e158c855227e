// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDestination } from "../../hosts/index.ts";
import { jumpWords, printUri } from "./cutover.ts";
import { type CutoverNote, parseNote, renderNote } from "./note.ts";

const NOTE: CutoverNote = {
  format: "cutover/1",
  version: "1.0.0",
  name: "web",
  to: "ssh://root@host/srv",
  host: { name: "host", address: "192.0.2.9" },
  hostKey: "SHA256:abc",
  network: {
    links: [
      { name: "eno1", kind: { kind: "card", mac: "24:6e:96:00:00:01" }, ip: { kind: "none" }, mtu: 9000 },
      {
        name: "bond0",
        kind: { kind: "bond", mode: "802.3ad", ports: ["eno1"] },
        ip: { kind: "auto" },
        mtu: null,
      },
    ],
    dns: ["192.0.2.53"],
    search: [],
  },
  disks: [{ path: "/dev/sda", sizeBytes: 512, serial: null, partitions: ["1-01"] }],
  isKeyOurs: true,
  retryForMs: 600_000,
};

test("a note that was written reads as the same", () => {
  assert.deepEqual(parseNote(renderNote(NOTE)), NOTE);
  assert.throws(() => parseNote(renderNote({ ...NOTE, name: "../x" })));
  assert.throws(() => parseNote(renderNote({ ...NOTE, disks: [] })));
});

test("a destination that ssh's configuration has changed is written so that it reads as the same", () => {
  for (const destination of [
    { kind: "ssh", user: "root", host: "192.0.2.9", port: 2222, path: "/srv/vms" },
    { kind: "ssh", user: "a\\b", host: "fe80::1", port: null, path: "/srv/with blank/ä%" },
  ] as const)
    assert.deepEqual(parseDestination(printUri(destination)), destination);
});

test("the kernel's words hold no answer: everybody may read them", () => {
  assert.equal(jumpWords("quiet"), "quiet panic=10 p2v.unattended p2v.config=/run/p2v/cutover/answers.yaml");
});
