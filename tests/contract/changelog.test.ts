// SPDX-License-Identifier: Apache-2.0
// CHANGELOG.md is what changes/ says, and rolling moves what is unreleased there, once.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  compareVersions,
  readChanges,
  readVersions,
  renderChangelog,
  roll,
} from "../../scripts/release/changelog.ts";
import { temporary } from "../support/temporary.ts";

test("CHANGELOG.md is as changes/ makes it", async () => {
  assert.equal(await readFile("CHANGELOG.md", "utf8"), renderChangelog(await readVersions("changes")));
});

test("every change that is not released is text for users", async () => {
  for (const { name, text } of await readChanges("changes/unreleased")) {
    assert.match(name, /^[a-z0-9-]+\.md$/);
    assert.ok(text.trim().length > 40, name);
    assert.doesNotMatch(text, /Leave out this paragraph|in a few words/, name);
  }
});

test("rolling moves all changes to the version and renders them, titles and all", async (t) => {
  const root = await temporary(t);
  await mkdir(join(root, "changes/unreleased"), { recursive: true });
  await mkdir(join(root, "changes/0.9.0"));
  await writeFile(join(root, "changes/0.9.0/date"), "2026-01-02\n");
  await writeFile(join(root, "changes/0.9.0/old.md"), "It began.\n");
  await writeFile(join(root, "changes/TEMPLATE.md"), "# What\n");
  await writeFile(join(root, "changes/unreleased/way-back.md"), "Every file goes back.\n");
  await writeFile(
    join(root, "changes/unreleased/b.md"),
    "# Bonds and bridges\n\nThey come up.\n\nAll of them.\n",
  );
  assert.equal(await roll(root, { version: "0.10.0", date: "2026-03-04" }), 2);
  const text = await readFile(join(root, "CHANGELOG.md"), "utf8");
  const body = text.slice(text.indexOf("\n## "));
  assert.equal(
    body,
    "\n## 0.10.0 (2026-03-04)\n\n### Bonds and bridges\n\nThey come up.\n\nAll of them.\n" +
      "\n### Way back\n\nEvery file goes back.\n\n## 0.9.0 (2026-01-02)\n\n### Old\n\nIt began.\n",
  );
  assert.deepEqual(await readdir(join(root, "changes/unreleased")), []);
  assert.deepEqual(await readdir(join(root, "changes")), ["0.10.0", "0.9.0", "TEMPLATE.md", "unreleased"]);
  await assert.rejects(roll(root, { version: "0.10.0", date: "2026-03-05" }), /released already/);
  await assert.rejects(roll(root, { version: "0.11.0", date: "2026-03-05" }), /nothing to release/);
});

test("versions are compared by number", () => {
  assert.ok(compareVersions("0.10.0", "0.9.9") > 0);
  assert.ok(compareVersions("1.0.0", "0.99.0") > 0);
  assert.equal(compareVersions("1.2.3", "1.2.3"), 0);
});
