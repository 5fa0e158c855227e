// SPDX-License-Identifier: Apache-2.0
// Small trees of installed systems and what inspection makes of them. P2V_UPDATE_GOLDEN=1 rewrites; review the diff.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { BlockGraph } from "../../src/core/index.ts";
import { inspectGuest, looksLikeRoot, readMounts } from "../../src/inspect/index.ts";
import { directoryView } from "../../src/system/index.ts";
import { printGuest } from "../../src/ui/print/guest.ts";

const GUESTS = join(import.meta.dirname, "guests");
const update = process.env["P2V_UPDATE_GOLDEN"] === "1";

async function compare(path: string, actual: string): Promise<void> {
  if (update) await writeFile(path, actual);
  assert.equal(actual, await readFile(path, "utf8"), path);
}

const directories = await readdir(GUESTS, { withFileTypes: true });

for (const { name } of directories.filter((one) => one.isDirectory()))
  test(`inspectGuest() knows ${name}`, async () => {
    const directory = join(GUESTS, name);
    const { root, ...graph } = JSON.parse(
      await readFile(join(directory, "graph.json"), "utf8"),
    ) as BlockGraph & {
      root: string;
    };
    const view = directoryView(join(directory, "in"));
    assert.equal(await looksLikeRoot(view), true);
    const { mounts, problems, names } = await readMounts(view, { graph, root: root });
    assert.equal(mounts.find(({ path }) => path === "/")?.node, root, "fstab's root is another");
    const guest = await inspectGuest(view, { rootNode: root, mounts, names, usedBytes: 2 ** 31 });
    await compare(join(directory, "guest.json"), `${JSON.stringify({ guest, problems }, null, 2)}\n`);
    const text = printGuest(guest);
    assert.ok(text.split("\n").every((line) => line.length <= 80));
    await compare(join(directory, "guest.txt"), text);
  });
