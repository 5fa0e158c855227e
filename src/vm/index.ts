// SPDX-License-Identifier: Apache-2.0
// vm owns what a hypervisor gets to know about a VM, and the check that it boots. It never writes to an image.
export * from "./check/boot-check.ts";
export { virshArgv, xlArgv } from "./host-command.ts";
export { sendFile } from "./check/files.ts";
export * from "./verdict/await-login.ts";
export * from "./define/define-libvirt.ts";
export * from "./define/define-xen.ts";
export * from "./verdict/explain-console.ts";
export { findFirmware, varsFile } from "./define/firmware.ts";
export * from "./probe/install-probe.ts";
export * from "./verdict/judge.ts";
export * from "./probe/probe.ts";
export * from "./probe/probe-files.ts";
export * from "./define/libvirt.ts";
export { writeBootEntries } from "./nvram/boot-entries.ts";
export * from "./define/proxmox.ts";
export * from "./define/qemu-script.ts";
export * from "./define/xl.ts";
export * from "./check/qmp.ts";
