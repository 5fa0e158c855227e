// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMissingFirmware } from "./missing-firmware.ts";

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
