// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { unescapeFstab } from "./fstab.ts";

test("octal escapes of fstab stand for bytes of UTF-8", () => {
  assert.equal(unescapeFstab("/\\303\\244\\134\\777"), "/ä\\\\777");
  assert.equal(unescapeFstab("LABEL=my\\040data"), "LABEL=my data");
});
