// SPDX-License-Identifier: Apache-2.0
// Secrets in texts, blotted out of what people read: files of guests, logs, command lines. Better one word too many than
// one secret shown. Pure.

/** Files whose contents are never shown, changed or not. */
const HIDDEN = [
  /^\/etc\/(g?shadow|sudoers|krb5\.keytab)-?$/,
  /^\/etc\/ssh\/ssh_host_.*_key$/,
  /^\/etc\/(ppp\/(chap|pap)-secrets|ipsec\.secrets|wireguard\/)/,
  /\/(id_[a-z0-9]+|authorized_keys|\.netrc|\.pgpass)$/,
  /\.(key|pem|p12|pfx|jks|keytab)$/,
];

export const isHidden = (path: string): boolean => HIDDEN.some((pattern) => pattern.test(path));

/** A longer line of a file was not written by a person, and is hidden as a whole. */
const MAX_FILE_LINE = 4096;
/** Command lines are longer, and not hostile. */
const MAX_TEXT_LINE = 32_768;

/** Keys of ini, yaml, shell, wpa_supplicant and fstab options, and flags, whose values are secrets. */
const SECRET_WORD =
  /passw|passphrase|psk|secret|private-?_?key|preshared|pre-shared|wep-?_?key|api-?_?key|access-?_?key|token|credential|wireless-key|^authorization$|[_.-]pwd$/i;
const SECRET_KEY = /^(key\d?|private|shared|pin|pw|pass)$/i;
const ASSIGNED = /((?:^|[\s#,{"'&?;])["']?)([\w.-]+)(\\?["']?\s*[:=]\s*)(?=\S)/;
/** Words that tell nothing, whatever their key is called: `PasswordAuthentication=no`. */
const HARMLESS = /^["']?(?:yes|no|true|false|none|null|on|off|required|requisite|\d{1,2}|\*+)["']?[,;]?$/i;
/** `wpa-psk SECRET` of ifupdown (interfaces(5), wpasupplicant), `wireless-key SECRET`. */
const WORDED =
  /((?:^|\s)(?:wpa-(?:psk|password|passwd|private-key-passwd|wep-key\d)|wireless-key\d?)\s+)[^\r\n]+/i;
/** `password USER SECRET` and `password_pbkdf2 USER HASH` of GRUB 2, `password --md5 HASH` of GRUB legacy. */
const GRUB = /^(\s*password(?:_pbkdf2)?\s+)[^\r\n]+/i;
const HASHES = [/grub\.pbkdf2\.[\w.]+/g, /\$(?:1|2[aby]?|5|6|7|y|gy|sha1|md5)\$[^\s:"']+/g];
/** A password may have an @ or / that somebody forgot to encode. */
const URL_PASSWORD = /(\w{1,20}:\/\/[^\s:/@]{0,200}:)[^\s"'<>]{1,500}(?=@)/g;
/** A token in the place of a user. */
const URL_TOKEN = /(\w{1,20}:\/\/)[^\s:/@"'<>]{20,500}(?=@)/g;
/** Tokens that say themselves what they are: GitHub, GitLab, Slack, AWS, JSON web tokens. */
const TOKENS =
  /\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)/g;
/** A line of nothing but base64, as keys have them, where their first and last line are elsewhere. No path, no hash in hex. */
const BASE64_LINE = /^\s*(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*\d)[A-Za-z0-9+][A-Za-z0-9+/]{31,}={0,2}\s*$/;
const KEY_BEGINS = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const KEY_ENDS = /-----END [A-Z ]*PRIVATE KEY-----/;

/** A text file of a guest, by its path there. */
export function blotSecrets(path: string, text: string): string {
  return blotLines(text, { maxLine: MAX_FILE_LINE, blot: (line) => blotLine(path, line) });
}

/** user:HASH:18000:0:99999:7::: of shadow(5), whatever the hash looks like. */
const SHADOW = /^([a-z_][\w-]{0,31}:)[^:\s]{2,}(?=:\d*:\d*:\d*:)/;
/** `machine M login L password P` of .netrc; `password P` of many others, but not where people write about one. */
const SAID =
  /((?:^|\s)(?:password|passwd|passphrase|secret|token|bearer)\s+)(?!(?:and|at|authentication|by|for|from|has|if|in|is|must|of|on|or|prompt|that|the|to|was|will|with)\b)\S+/gi;

/** Any text that leaves this machine, whatever it is: a log, a command line, a plan. Stricter than for one known file. */
export function blotText(text: string): string {
  const blot = (line: string): string =>
    BASE64_LINE.test(line)
      ? line.replace(/\S+/, "***")
      : blotLine("/grub", line.replace(SHADOW, "$1***")).replace(SAID, "$1***").replace(TOKENS, "***");
  return blotLines(text, { maxLine: MAX_TEXT_LINE, blot });
}

/** Of a command line: also the word after a flag such as `--password`. */
export function blotArguments(argv: readonly string[]): readonly string[] {
  return argv.map((word, index) => {
    const flag = /^--?([\w.-]+)$/.exec(argv[index - 1] ?? "")?.[1] ?? "";
    const isSecret = SECRET_WORD.test(flag) && !/^[-/]/.test(word) && !HARMLESS.test(word);
    return isSecret ? "***" : blotText(word);
  });
}

/** Of ours none is so deep; a stranger's would end us. */
const MAX_DEPTH = 100;

/** The strings in a value of JSON, and all of one whose key says that it is a secret. */
export function blotJson(value: unknown, key = "", depth = 0): unknown {
  if (typeof value === "string") {
    const isSecret = (SECRET_WORD.test(key) || SECRET_KEY.test(key)) && !HARMLESS.test(value);
    return isSecret && value !== "" ? "***" : blotText(value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "***";
  if (Array.isArray(value)) return value.map((item) => blotJson(item, key, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [blotText(name), blotJson(item, name, depth + 1)]),
  );
}

function blotLines(
  text: string,
  { maxLine, blot }: { maxLine: number; blot: (line: string) => string },
): string {
  let insideKey = false;
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      const begins = KEY_BEGINS.test(line);
      const ends = KEY_ENDS.test(line);
      const hidden = insideKey || begins;
      insideKey = hidden && !ends;
      const end = line.endsWith("\n") ? "\n" : "";
      return hidden || line.length > maxLine ? `***${end}` : blot(line);
    })
    .join("");
}

function blotLine(path: string, line: string): string {
  let out = blotAssigned(line).replace(WORDED, "$1***");
  if (out.includes("://")) out = out.replace(URL_PASSWORD, "$1***").replace(URL_TOKEN, "$1***");
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
    if ((SECRET_WORD.test(key) || SECRET_KEY.test(key)) && !HARMLESS.test(rest.slice(valueAt).trim()))
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
