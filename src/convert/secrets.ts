// SPDX-License-Identifier: Apache-2.0
// Secrets in the files of guests, blotted out of what people read. Better one word too many than one secret shown. Pure.

/** Files whose contents are never shown, changed or not. */
const HIDDEN = [
  /^\/etc\/(g?shadow|sudoers|krb5\.keytab)-?$/,
  /^\/etc\/ssh\/ssh_host_.*_key$/,
  /^\/etc\/(ppp\/(chap|pap)-secrets|ipsec\.secrets|wireguard\/)/,
  /\/(id_[a-z0-9]+|authorized_keys|\.netrc|\.pgpass)$/,
  /\.(key|pem|p12|pfx|jks|keytab)$/,
];

export const isHidden = (path: string): boolean => HIDDEN.some((pattern) => pattern.test(path));

/** Keys of ini, yaml, shell, wpa_supplicant and URL-like texts whose values are secrets. */
const KEY =
  "[\\w.-]*(?:password|passwd|passphrase|psk|secret|private-?_?key|wep-?_?key\\d?|wep_key\\d|pre-?shared-?key|api-?_?key|token|credentials?|pin|leap-password|sae[_-]password|wireless-key\\d?)[\\w-]*";
const ASSIGNED = new RegExp(
  `((?:^|[\\s,{"'&?;])["']?(?:${KEY})["']?\\s*[:=]\\s*)(?!\\s)("[^"\\r\\n]*"?|'[^'\\r\\n]*'?|[^\\s#][^\\r\\n]*)`,
  "gim",
);
/** `wpa-psk SECRET` and `wireless-key SECRET` of ifupdown, `password root SECRET` and `password_pbkdf2 root HASH` of GRUB. */
const WORDED =
  /((?:^|\s)(?:wpa-(?:psk|password|passwd|private-key-passwd|wep-key\d)|wireless-key\d?)\s+)[^\r\n]+/gim;
const GRUB = /((?:^|\s)password(?:_pbkdf2)?\s+(?:--\S+\s+)*)[^\r\n]+/gim;
const HASHES = [/grub\.pbkdf2\.[\w.]+/g, /\$(?:1|2[aby]?|5|6|7|y|gy|sha1|md5)\$[^\s:"']+/g];
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const URL_PASSWORD = /(\w+:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/g;

export function blotSecrets(path: string, text: string): string {
  let out = text.replace(PEM, (key) => key.replaceAll(/[^\n]+/g, "***"));
  out = out
    .replace(ASSIGNED, "$1***")
    .replace(WORDED, "$1***")
    .replace(GRUB, "$1***")
    .replace(URL_PASSWORD, "$1***");
  for (const hash of HASHES) out = out.replace(hash, "***");
  return path.endsWith("/crypttab") ? out.replace(CRYPTTAB_KEY, blotKeyFile) : out;
}

/** Third field of crypttab(5): where the key is. `none`, `-` and random sources tell nothing. */
const CRYPTTAB_KEY = /^([ \t]*[^ \t#\r\n]+[ \t]+[^ \t\r\n]+[ \t]+)([^ \t\r\n]+)/gm;

function blotKeyFile(whole: string, before: string, key: string): string {
  return /^(none|-|\/dev\/u?random)$/.test(key) ? whole : `${before}***`;
}
