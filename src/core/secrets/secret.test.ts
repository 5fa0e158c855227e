// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { blotKnown, forgetSecrets, keepSecret, Secret } from "./secret.ts";

test("blotKnown() hides every secret of this process, in any of its forms", () => {
  forgetSecrets();
  const bytes = Buffer.from("correct horse battery staple");
  const secret = new Secret(bytes);
  for (const form of [bytes.toString(), bytes.toString("hex"), bytes.toString("base64")])
    assert.equal(blotKnown(`before ${form} after`), "before *** after");
  assert.equal(inspect(secret).includes("horse"), false);
  assert.equal(JSON.stringify({ secret }), '{"secret":"(secret)"}');
});

test("blotKnown() hides all of a secret that begins with another one", () => {
  forgetSecrets();
  keepSecret("a shorter one");
  keepSecret("a shorter one, and more");
  assert.equal(blotKnown("pw: a shorter one, and more"), "pw: ***");
});

test("blotKnown() hides the lines of a key, and a short password where it is a word", () => {
  forgetSecrets();
  keepSecret("-----BEGIN X-----\nAAAAB3NzaC1yc2E\n-----END X-----\n");
  assert.equal(blotKnown("echo AAAAB3NzaC1yc2E"), "echo ***");
  keepSecret("abc");
  assert.equal(blotKnown("pw=abc abcd"), "pw=*** abcd");
});

test("blotKnown() leaves a text as it is where a secret is nothing but what stands between words", () => {
  forgetSecrets();
  for (const nothing of ["\n", " ", "=", ""]) keepSecret(nothing);
  assert.equal(blotKnown("set -e\nname=value other"), "set -e\nname=value other");
});
