// SPDX-License-Identifier: Apache-2.0
// Another tool's network test vectors (Forklift): given which card had which address, which name did the card have?
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mergeFound } from "../../src/inspect/guest/network/merge.ts";
import { readFound } from "../../src/inspect/guest/network/index.ts";
import { directoryView } from "../../src/system/index.ts";

const VECTORS = join(import.meta.dirname, "../../../shared/testdata/nics");
const skip = existsSync(VECTORS) ? false : "the vectors are not there (../shared/testdata/nics)";

/** `aa:bb:cc:dd:ee:ff:ip:192.0.2.7,...`: the inventory of the machine; a card may have several lines. */
function parseInventory(text: string): readonly { mac: string; address: string }[] {
  return [...text.matchAll(/^((?:[0-9a-f]{2}:){5}[0-9a-f]{2}):ip:([^,\s]+)/gim)].map(([, mac, address]) => ({
    mac: (mac ?? "").toLowerCase(),
    address: address ?? "",
  }));
}

function parseRules(text: string): readonly string[] {
  return [...text.matchAll(/ATTR\{address\}=="([^"]+)",NAME="([^"]+)"/g)]
    .map(([, mac, name]) => `${mac?.toLowerCase()} ${name}`)
    .toSorted();
}

test("readGuestInterfaces() names the cards of Forklift's vectors", { skip }, async (t) => {
  const vectors = await readdir(VECTORS, { withFileTypes: true });
  assert.ok(vectors.length >= 10, "fewer vectors than there were");
  for (const { name: vector } of vectors.filter((one) => one.isDirectory()))
    await t.test(vector, async () => {
      const root = join(VECTORS, vector, "root");
      const found = await readFound(directoryView(root));
      const names = new Set(mergeFound(found).map(({ name }) => name));
      const pairs = new Set<string>();
      for (const { mac, address } of parseInventory(await readFile(join(root, "tmp/macToIP"), "utf8")))
        for (const { name, configured, leased } of found.sightings) {
          const own = configured?.kind === "static" ? configured.addresses : leased;
          if (name !== null && own.some((one) => one.split("/")[0] === address)) pairs.add(`${mac} ${name}`);
        }
      const expected = parseRules(await readFile(join(VECTORS, vector, "expected-udev.rule"), "utf8"));
      assert.ok(expected.length > 0);
      assert.deepEqual([...pairs].toSorted(), expected);
      for (const pair of pairs)
        assert.ok(names.has(pair.split(" ")[1] ?? ""), `${pair} is lost in the merge`);
    });
});
