// SPDX-License-Identifier: Apache-2.0
// Secrets of this process: a type that no printer shows, and a register of all of them by which texts are searched.

/** Bytes that are in no JSON, no error and no `console.log`: only `reveal` gives them. */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    if (bytes.length <= MOST_BYTES) known.add(this);
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }

  toJSON(): string {
    return "(secret)";
  }
}

/** Longer keys are in files only: no word of a command line holds them. */
const MOST_BYTES = 4096;
/** Shorter ones would blot out half of every text; they are hidden where they are a whole word. */
const LEAST_LETTERS = 4;

const known = new Set<Secret>();
const forms = new Map<Secret, readonly string[]>();

/** What else must not be shown, and is a text from the start: a password for ssh, a private key. */
export function keepSecret(text: string): void {
  known.add(new Secret(Buffer.from(text)));
}

/** For tests, of which many share a process: what another one made is no secret of this one. */
export function forgetSecrets(): void {
  known.clear();
}

/** `***` in place of every secret of this process, as it is, in hex and in base64. */
export function blotKnown(text: string): string {
  let out = text;
  // The longest first: one secret may be part of another, and would leave the rest of it to be read.
  for (const form of [...known].flatMap(formsOf).toSorted((a, b) => b.length - a.length))
    if (form.length >= LEAST_LETTERS) out = out.replaceAll(form, "***");
    else if (out.includes(form))
      out = out
        .split(/([\s=:,;'"]+)/)
        .map((word) => (word === form ? "***" : word))
        .join("");
  return out;
}

function formsOf(secret: Secret): readonly string[] {
  const made = forms.get(secret);
  if (made !== undefined) return made;
  const bytes = Buffer.from(secret.reveal());
  const text = bytes.toString("utf8");
  const isText = !text.includes("\ufffd") && !text.includes("\0");
  const all = isText ? [text, text.trim(), ...longLines(text)] : [];
  const coded = [bytes.toString("hex"), bytes.toString("base64"), bytes.toString("base64url")];
  // A key that is a mere newline or blank would blot out what stands between words, and hide nothing.
  const telling = [...new Set([...all, ...coded])].filter((form) => /[^\s=:,;'"]/.test(form));
  const sorted = telling.toSorted((a, b) => b.length - a.length);
  forms.set(secret, sorted);
  return sorted;
}

/** Of a key with several lines, each that is a secret by itself. */
const longLines = (text: string): readonly string[] =>
  text.includes("\n")
    ? text.split(/\r?\n/).filter((line) => line.length >= 8 && !line.startsWith("-----"))
    : [];
