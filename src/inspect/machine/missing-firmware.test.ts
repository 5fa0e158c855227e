// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { neededFirmware, parseMissingFirmware } from "./missing-firmware.ts";

test("firmware that was asked for in vain is told by device, once", () => {
  const log = `[    4.1] bnx2 0000:02:00.0: firmware: failed to load bnx2/bnx2-mips-09-6.2.1b.fw (-2)
[    4.1] bnx2 0000:02:00.0: Direct firmware load for bnx2/bnx2-mips-09-6.2.1b.fw failed with error -2
[    5.0] r8169 0000:03:00.0: firmware: direct-loading firmware rtl_nic/rtl8168g-2.fw
[    6.2] qla2xxx 0000:05:00.1: Direct firmware load for ql2500_fw.bin failed with error -2
`;
  assert.deepEqual(parseMissingFirmware(log), [
    { driver: "bnx2", device: "0000:02:00.0", file: "bnx2/bnx2-mips-09-6.2.1b.fw" },
    { driver: "qla2xxx", device: "0000:05:00.1", file: "ql2500_fw.bin" },
  ]);
  assert.deepEqual(parseMissingFirmware(""), []);
});

test("only firmware of disk controllers and network cards is named", () => {
  const log = `[    3.0] platform regulatory.0: Direct firmware load for regulatory.db failed with error -2
[    4.1] bnx2 0000:02:00.0: Direct firmware load for bnx2/bnx2-mips-09-6.2.1b.fw failed with error -2
[    5.5] r8152 2-1:1.0: Direct firmware load for rtl_nic/rtl8153a-4.fw failed with error -2
[    6.2] qla2xxx 0000:05:00.1: Direct firmware load for ql2500_fw.bin failed with error -2
[    7.0] amdgpu 0000:09:00.0: Direct firmware load for amdgpu/navi10_gpu.bin failed with error -2
`;
  const missing = parseMissingFirmware(log);
  assert.equal(missing.length, 5);
  const machine = {
    controllers: [
      { kind: "network", address: "0000:02:00.0", id: "14e4:1639", driver: "bnx2" },
      { kind: "storage", address: "0000:05:00.1", id: "1077:2532", driver: null },
    ],
    nics: [
      {
        name: "enx0",
        mac: "02:00:00:00:00:01",
        driver: "r8152",
        speedMbit: null,
        carrier: null,
        bus: "2-1:1.0",
      },
    ],
  } as const;
  assert.deepEqual(
    neededFirmware(missing, machine).map(({ driver }) => driver),
    ["bnx2", "r8152", "qla2xxx"],
  );
});
