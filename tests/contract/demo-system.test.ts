// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMirror } from "../../lab/demo/system.ts";

test("parseMirror() finds the main archive in either style, and nothing else", () => {
  const deb822 = "Types: deb\n# http://x/debian\nURIs: http://mirror.example.org/debian\nSuites: bookworm\n";
  assert.equal(parseMirror(deb822), "http://mirror.example.org/debian");
  const oneLine =
    "deb [signed-by=/k] https://packages.example.com/apt x main\ndeb http://ftp.example.net/debian/ bookworm main\n";
  assert.equal(parseMirror(oneLine), "http://ftp.example.net/debian/");
  assert.equal(parseMirror("URIs: http://deb.debian.org/debian-security\n"), null);
  assert.equal(parseMirror(""), null);
});
