// SPDX-License-Identifier: Apache-2.0
// machine reads what /sys, /proc and udev say of this computer, or of a recorded one.
export { type MissingFirmware, readMissingFirmware } from "./missing-firmware.ts";
export { inspectMachine } from "./machine.ts";
export { devicesInUse } from "./disks/in-use.ts";
export { refuseOnePath } from "./disks/one-disk.ts";
export { refuseInUse } from "./disks/refuse-in-use.ts";
