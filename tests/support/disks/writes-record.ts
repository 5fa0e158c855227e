// SPDX-License-Identifier: Apache-2.0
// A record of writes of one disk, as its tests have it.
import type { RecordedDisk, WritesRecord } from "../../../src/writes/index.ts";

export const SAMPLE_DISK: RecordedDisk = {
  number: 1,
  path: "/dev/sda",
  device: "8:0",
  devices: ["8:0", "8:1"],
  hasRequests: true,
  onlyAsks: false,
  sizeBytes: 2 ** 30,
  tableId: "gpt:x",
  serial: null,
  rootSha256: "0".repeat(64),
  used: [{ start: 0, end: 4096 }],
  written: [],
};

export const SAMPLE_RECORD: WritesRecord = {
  format: "writes/1",
  bootId: "6cdb0c6b-0000",
  begun: "2026-11-30T22:00:00.000Z",
  destination: "dir:/srv/vms/web",
  disks: [SAMPLE_DISK],
};
