// SPDX-License-Identifier: Apache-2.0
// Texts as they were reviewed, below tests/golden. P2V_UPDATE_GOLDEN=1 writes them anew; the difference is reviewed.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export async function checkGolden(name: string, text: string): Promise<void> {
  const path = join(import.meta.dirname, "../golden", name);
  if (process.env["P2V_UPDATE_GOLDEN"] === "1") await writeFile(path, text);
  assert.equal(text, await readFile(path, "utf8"));
}
