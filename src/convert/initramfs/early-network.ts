// SPDX-License-Identifier: Apache-2.0
// Does the initramfs raise the network before the root is there? Else udev loads the card's driver from the root. Pure.

/**
 * dracut.cmdline(7); initramfs-tools(7); kernel: Documentation/admin-guide/nfs/nfsroot.rst. A root of NFS, iSCSI or another server,
 * or an address that something waits for: a key from a server, a login by ssh.
 */
const NETWORK =
  /^(?:netroot=.+|nfsroot=|boot=nfs$|ip=(?!off$|none$).+|rd\.neednet(?:=1)?$|root=(?:\/dev\/nfs$|(?:nfs4?|cifs|nbd|iscsi|fcoe|https?|ftp|dhcp6?)(?::|$)|live:(?:https?|nfs|ftp):)|iscsi_|rd\.iscsi\.)/;

export const needsEarlyNetwork = (words: string): boolean =>
  words.split(/[\s"']+/).some((word) => NETWORK.test(word.replace(/^kernelopts=/, "")));
