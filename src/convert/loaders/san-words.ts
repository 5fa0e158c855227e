// SPDX-License-Identifier: Apache-2.0
// Words that make an initramfs log in to a SAN for its root: iSCSI, Fibre Channel over Ethernet, NVMe over fabrics, the
// firmware's own (iBFT). In the VM the same volume is a disk, and nothing answers there. dracut.cmdline(7), and the README of
// Debian's open-iscsi. Pure.

const SAN =
  /^(?:netroot=(?:iscsi|fcoe|nbd|nvm)|netroot$|ip=ibft$|rd\.iscsi\.|iscsi_(?:initiator|target_|in_|username|password|firmware|auto|i=)|iscsi_firmware$|ISCSI_[A-Z_]+=|rd\.fcoe=|fcoe=|rd\.nvmf\.)/;
const NEEDS_NETWORK = /^rd\.neednet(?:=1)?$/;
const OTHER_ADDRESS = /^(?:ip|ifname|bootdev|rd\.route)=/;

export type WithoutSan = { readonly text: string; readonly words: readonly string[] };

/** `words`: what was taken out. Without such an address nothing is left that needs a network either. */
export function withoutSanWords(text: string): WithoutSan {
  const tokens = text.match(/[^ \t\r\n"']+/g) ?? [];
  const isSan = (word: string): boolean => SAN.test(word) && !word.endsWith("=0");
  if (!tokens.some(isSan)) return { text, words: [] };
  const keepsNetwork = tokens.some((word) => OTHER_ADDRESS.test(word) && !isSan(word));
  const words: string[] = [];
  const edited = text.replace(
    /(^|[ \t"'])([^ \t\r\n"'=]+(?:=[^ \t\r\n"']*)?)(?=[ \t\r\n"']|$)/g,
    (whole: string, before: string, word: string) => {
      if (!isSan(word) && (keepsNetwork || !NEEDS_NETWORK.test(word))) return whole;
      words.push(word);
      return before === " " || before === "\t" ? "" : before;
    },
  );
  return { text: edited, words };
}
