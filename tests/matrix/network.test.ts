// SPDX-License-Identifier: Apache-2.0
// NetworkManager keyfiles and netplan on one machine, its cards in another order on the VM's bus than on the machine's.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

type Link = { readonly name: string; readonly mac: string; readonly addresses: readonly string[] };

test("NetworkManager and netplan, cards in another order: each address is on the card of its MAC", async (t) => {
  const { report, directory } = await migrateMachine(t, "network");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.deepEqual(
    report.vm.nics.map(({ name }) => name),
    ["eno2", "eno1", "enp4s0", "enp3s0"],
  );
  const console = await readFile(join(directory, "console.log"), "utf8");
  const probe = JSON.parse(/P2V-PROBE (\{.*\})/.exec(console)?.[1] ?? "{}") as { links: readonly Link[] };
  const found = probe.links.map(({ name, mac, addresses }) =>
    [name, mac.slice(-5), addresses.find((one) => !one.includes(":"))].join(" "),
  );
  assert.deepEqual(found.toSorted(), [
    "eno1 7e:01 203.0.113.131/25",
    "eno2 7e:02 203.0.113.31/25",
    "enp3s0 7e:03 192.0.2.31/24",
    "enp4s0 7e:04 198.51.100.31/24",
  ]);
  assert.deepEqual(await planAgain(directory, [join(directory, "network-1.img")]), []);
});
