// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { parseKind, readControllers } from "./controllers.ts";
import { sysrootOf } from "./sysroot.ts";

const at = "/sys/devices/pci0000:00";
const device = (address: string, kind: string, id: string): Record<string, string | { link: string }> => ({
  [`/sys/bus/pci/devices/${address}`]: { link: `../../../devices/pci0000:00/${address}` },
  [`${at}/${address}/class`]: `${kind}\n`,
  [`${at}/${address}/vendor`]: `0x${id.slice(0, 4)}\n`,
  [`${at}/${address}/device`]: `0x${id.slice(5)}\n`,
});

test("readControllers() tells storage and network controllers, and which of them no driver claims", async () => {
  const view = memoryView({
    ...device("0000:00:02.0", "0x030000", "8086:3e92"),
    ...device("0000:00:17.0", "0x010601", "8086:a352"),
    ...device("0000:00:1f.6", "0x020000", "8086:15bb"),
    [`${at}/0000:00:17.0/driver`]: { link: "../../../bus/pci/drivers/ahci" },
    "/sys/bus/pci/drivers/ahci": { directory: true },
  });
  assert.deepEqual(await readControllers(sysrootOf(view, { live: false })), [
    { kind: "storage", address: "0000:00:17.0", id: "8086:a352", driver: "ahci" },
    { kind: "network", address: "0000:00:1f.6", id: "8086:15bb", driver: null },
  ]);
});

test("parseKind() takes no other class and no nonsense", () => {
  for (const text of [null, "", "0x030000", "010601", "0x01060", "0x01060g"])
    assert.equal(parseKind(text), null);
});
