// SPDX-License-Identifier: Apache-2.0
// target owns what a hypervisor is told about a VM, and the check that it boots. It never writes to an image.
export * from "./boot-check.ts";
export { sendFile } from "./check-files.ts";
export * from "./await-login.ts";
export * from "./define-libvirt.ts";
export * from "./define-xen.ts";
export * from "./explain-console.ts";
export { findFirmware, varsFile } from "./firmware.ts";
export * from "./install-probe.ts";
export * from "./judge.ts";
export * from "./probe.ts";
export * from "./probe-files.ts";
export * from "./libvirt.ts";
export { writeBootEntries } from "./nvram/boot-entries.ts";
export * from "./proxmox.ts";
export * from "./qemu-script.ts";
export * from "./xl.ts";
export * from "./qmp.ts";
