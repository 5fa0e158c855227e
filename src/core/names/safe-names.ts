// SPDX-License-Identifier: Apache-2.0
// Names and addresses that are written into other programs' files: what they may hold is said once. Pure.

/** A name that is safe as a file, a libvirt domain and a Xen domain at once. */
export function isVmName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) && !text.includes("..");
}

/** The kernel's limit is 15 bytes (IFNAMSIZ); these characters need no quoting in udev rules, units or paths. */
export function isInterfaceName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(text);
}

/** One card's address in lower case with colons; null: none, all zeros, or a group's (the first byte is odd). */
export function parseMac(text: string): string | null {
  const mac = text.trim().toLowerCase().replaceAll("-", ":");
  return /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac) && mac !== "00:00:00:00:00:00" ? mac : null;
}

/** Is it one card's address, as the kernel writes it, in upper or lower case? */
export const isMac = (text: string): boolean => parseMac(text) === text.toLowerCase();
