// SPDX-License-Identifier: Apache-2.0
// Secrets in the files of guests, blotted out of what people read. Better one word too many than one secret shown. Pure.
import { MAX_LINE, splitLines } from "../text/lines.ts";

/** Files whose contents are never shown, changed or not. */
const HIDDEN = [
  /^\/etc\/(g?shadow|sudoers|krb5\.keytab)-?$/,
  /^\/etc\/ssh\/ssh_host_.*_key$/,
  /^\/etc\/(ppp\/(chap|pap)-secrets|ipsec\.secrets|wireguard\/)/,
  /\/(id_[a-z0-9]+|authorized_keys|\.netrc|\.pgpass)$/,
  /\.(key|pem|p12|pfx|jks|keytab)$/,
];

export const isHidden = (path: string): boolean => HIDDEN.some((pattern) => pattern.test(path));

/** Keys of ini, yaml, shell, wpa_supplicant and fstab options whose values are secrets. */
const SECRET_WORD =
  /passw|passphrase|psk|secret|private-?_?key|preshared|pre-shared|wep-?_?key|api-?_?key|token|credential|wireless-key/i;
const SECRET_KEY = /^(key\d?|private|shared|pin|pw|pass)$/i;
const ASSIGNED = /((?:^|[\s#,{"'&?;])["']?)([\w.-]+)(["']?\s*[:=]\s*)([^\s][^\r\n]*)/;
/** `wpa-psk SECRET` of ifupdown (interfaces(5), wpasupplicant), `wireless-key SECRET`. */
const WORDED =
  /((?:^|\s)(?:wpa-(?:psk|password|passwd|private-key-passwd|wep-key\d)|wireless-key\d?)\s+)[^\r\n]+/i;
/** `password USER SECRET` and `password_pbkdf2 USER HASH` of GRUB 2, `password --md5 HASH` of GRUB legacy. */
const GRUB = /^(\s*password(?:_pbkdf2)?\s+)[^\r\n]+/i;
const HASHES = [/grub\.pbkdf2\.[\w.]+/g, /\$(?:1|2[aby]?|5|6|7|y|gy|sha1|md5)\$[^\s:"']+/g];
const URL_PASSWORD = /(\w{1,20}:\/\/[^\s:/@]{0,200}:)[^\s@/]+(?=@)/g;

export function blotSecrets(path: string, text: string): string {
  let insideKey = false;
  return splitLines(text)
    .map((line) => {
      const begins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line);
      const ends = /-----END [A-Z ]*PRIVATE KEY-----/.test(line);
      const hidden = insideKey || begins;
      insideKey = hidden && !ends;
      const end = line.endsWith("\n") ? "\n" : "";
      return hidden || line.length > MAX_LINE ? `***${end}` : blotLine(path, line);
    })
    .join("");
}

function blotLine(path: string, line: string): string {
  let out = blotAssigned(line).replace(WORDED, "$1***").replace(URL_PASSWORD, "$1***");
  if (/\/grub/.test(path)) out = out.replace(GRUB, "$1***");
  for (const hash of HASHES) out = out.replace(hash, "***");
  return path.endsWith("/crypttab") ? out.replace(CRYPTTAB_KEY, blotKeyFile) : out;
}

/** The first secret key of the line, and all that follows it. */
function blotAssigned(line: string): string {
  let done = "";
  for (let rest = line; ; ) {
    const match = ASSIGNED.exec(rest);
    if (match === null) return done + rest;
    const [, before = "", key = "", sign = ""] = match;
    const valueAt = match.index + before.length + key.length + sign.length;
    if (SECRET_WORD.test(key) || SECRET_KEY.test(key))
      return `${done}${rest.slice(0, valueAt)}***${line.endsWith("\n") ? "\n" : ""}`;
    done += rest.slice(0, valueAt);
    rest = rest.slice(valueAt);
  }
}

/** Third field of crypttab(5): where the key is. `none`, `-` and random sources tell nothing. */
const CRYPTTAB_KEY = /^([ \t]*[^ \t#\r\n]+[ \t]+[^ \t\r\n]+[ \t]+)([^ \t\r\n]+)/;

function blotKeyFile(whole: string, before: string, key: string): string {
  return /^(none|-|\/dev\/u?random)$/.test(key) ? whole : `${before}***`;
}
