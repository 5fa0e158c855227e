// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePlaces } from "./place.ts";

test("parsePlaces() reads what a server has; a file that is there counts before a place that fits", () => {
  const text = "system Linux x86_64\nnot /root/.cache: mounted noexec\nfits /var/cache/virt-p2v/portable-1\n";
  assert.deepEqual(parsePlaces(text), {
    system: "Linux x86_64",
    path: "/var/cache/virt-p2v/portable-1",
    isThere: false,
    refused: ["/root/.cache: mounted noexec"],
  });
  assert.equal(parsePlaces(`${text}there /tmp/a b/portable-1\n`).path, "/tmp/a b/portable-1");
  assert.equal(parsePlaces("").path, null);
  assert.equal(parsePlaces("system AIX 00F\n").system, "AIX 00F");
});
