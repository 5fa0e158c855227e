// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestOS } from "../../core/index.ts";
import { printGuest } from "./guest.ts";

const GUEST: GuestOS = {
  family: "generic",
  id: "linux",
  version: "",
  title: "Linux",
  hostname: null,
  arch: "x86_64",
  root: "disk:1/fs",
  mounts: [],
  names: { known: [], unclear: [] },
  loader: "generic",
  initramfsTool: "generic",
  init: "unknown",
  kernels: [],
  network: [],
  usedBytes: 0,
};

test("printGuest() says what was not found", () => {
  const text = printGuest(GUEST);
  for (const words of ["none set", "none found", "none in fstab", "no interface named"])
    assert.ok(text.includes(words), words);
});

test("printGuest() stays within 80 columns and lets no control character of the guest through", () => {
  const text = printGuest({
    ...GUEST,
    title: `\u001b[2J${"long name ".repeat(30)}\nSystem       fake`,
    mounts: [{ path: `/${"x".repeat(300)}`, spec: "/dev/sda1", type: "ext4", options: "", node: null }],
    network: [
      {
        name: "eth0",
        mac: null,
        from: "/x",
        configured: {
          kind: "static",
          addresses: Array.from({ length: 50 }, (_, n) => `192.0.2.${n}/24`),
          gateway: null,
        },
      },
    ],
  });
  const lines = text.split("\n");
  assert.ok(lines.every((line) => line.length <= 80));
  assert.equal(lines.filter((line) => line.startsWith("System")).length, 1);
  assert.ok(!text.includes("\u001b"));
  assert.ok(text.includes("192.0.2.49/24"), "nothing is cut off");
});

test("printGuest() shows 40 rows of a kind and counts the others", () => {
  const mount = { path: "/a", spec: "/dev/sda1", type: "ext4", options: "", node: null };
  assert.match(printGuest({ ...GUEST, mounts: Array.from({ length: 45 }, () => mount) }), /and 5 more/);
});
