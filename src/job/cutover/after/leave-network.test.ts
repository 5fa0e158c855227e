// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../system/index.ts";
import { temporary } from "../../../../tests/support/temporary.ts";
import { waitFor } from "../../../../lab/processes.ts";
import { LATER } from "./leave-network.ts";

const later = (log: string, ...argv: readonly string[]): Promise<unknown> =>
  run(["sh", "-c", LATER, "sh", "0", log, ...argv], { timeoutMs: 60_000 });
const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

test("what the host does later is waited for by nobody, and leaves word of how it went", async (t) => {
  const directory = await temporary(t);
  const [good, bad] = [join(directory, "good"), join(directory, "bad")];
  const go = join(directory, "go");
  await later(good, "sh", "-c", 'until [ -e "$1" ]; do sleep 0.1; done; echo "it\'s; done"', "sh", go);
  await later(bad, "sh", "-c", "echo no domain >&2; exit 1");
  assert.equal(await text(good), "", "it returned, and that goes on");
  await writeFile(go, "");
  await waitFor("both", async () => /goes on/.test(await text(good)) && /paused/.test(await text(bad)));
  assert.equal(await text(good), "it's; done\nThe VM goes on.\n");
  assert.match(await text(bad), /^no domain\nThe VM could not be resumed/);
});
