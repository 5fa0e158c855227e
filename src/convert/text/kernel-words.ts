// SPDX-License-Identifier: Apache-2.0
// Words of a kernel command line inside other text: a line of grub.cfg, a quoted value of a shell file. Pure.

export type WordEdit = (key: string, value: string) => string | null;

/**
 * Offers each `key=value` word of the given keys; the answer is the whole new word, the same word for no change, or
 * null to remove it (with one blank). Quotes around a word or the whole line stay. Words never hold blanks here:
 * a quoted value with blanks is not a device name. What holds a variable or a command (`$uuid`) is not known here, and stays.
 */
export function editWords(text: string, keys: readonly string[], edit: WordEdit): string {
  const word = new RegExp(
    `(^|[ \\t"'])(${keys.map((key) => key.replaceAll(".", "\\.")).join("|")})=([^ \\t\\r\\n"'\\\\$\`]+)(?=[ \\t\\r\\n"'\\\\]|$)`,
    "g",
  );
  return text.replace(word, (whole: string, before: string, key: string, value: string) => {
    const next = edit(key, value);
    if (next === null) return before === " " || before === "\t" ? "" : before;
    return next === `${key}=${value}` ? whole : `${before}${next}`;
  });
}

/** The values of one key, in order. */
export function wordValues(text: string, key: string): string[] {
  const values: string[] = [];
  editWords(text, [key], (same, value) => {
    values.push(value);
    return `${same}=${value}`;
  });
  return values;
}

const SERIAL_CONSOLE = "console=ttyS0,115200";
const SCREEN_CONSOLE = "console=tty0";

/**
 * Adds the serial console that each of our VMs has. The kernel prints on every console named; the last is /dev/console,
 * where init writes: that stays the screen. A console on another serial port (ttyS1 is usual for a server's management
 * card) is kept, though the VM has no such port. A login on Xen's hvc0 needs no word: the kernel adds that console
 * itself, and systemd-getty-generator starts a login on it.
 */
export function addConsoles(words: string): string {
  const consoles = wordValues(words, "console");
  if (consoles.some((name) => /^(ttyS0|hvc0)(,|$)/.test(name))) return words;
  const screen = consoles.some((name) => /^tty\d*$/.test(name));
  if (consoles.length === 0) return append(words, `${SERIAL_CONSOLE} ${SCREEN_CONSOLE}`);
  // Before a quote that opens the word: inside it, both would be one word.
  const word = /(^|[ \t])(?=["']?console=[^ \t\r\n"'\\])|(["'])(?=console=[^ \t\r\n"'\\])/;
  const withSerial = words.replace(word, `$&${SERIAL_CONSOLE} `);
  return screen ? withSerial : append(withSerial, SCREEN_CONSOLE);
}

function append(words: string, more: string): string {
  let end = words.length;
  while (end > 0 && " \t\r\n".includes(words.charAt(end - 1))) end -= 1;
  return end === 0 ? `${more}${words}` : `${words.slice(0, end)} ${more}${words.slice(end)}`;
}
