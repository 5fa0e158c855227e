// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { escapePath, unescapePath } from "./unit-names.ts";

test("paths as systemd-escape --path writes them, and back", () => {
  for (const [path, name] of [
    ["/", "-"],
    ["/dev/sda2", "dev-sda2"],
    ["/dev/disk/by-uuid/3f1c-02", "dev-disk-by\\x2duuid-3f1c\\x2d02"],
    ["/srv/größe", "srv-gr\\xc3\\xb6\\xc3\\x9fe"],
    ["/.hidden/a.b", "\\x2ehidden-a.b"],
  ] as const) {
    assert.equal(escapePath(path), name);
    assert.equal(unescapePath(name), path);
  }
  assert.equal(escapePath("//dev//sda2/"), "dev-sda2");
});
