// SPDX-License-Identifier: Apache-2.0
// A VM that asks for the passphrase of its disk at boot is answered, by keys of its keyboard. The passphrase stays in memory.
import type { Secret } from "../../core/index.ts";

/** A key of QEMU's `send-key` (qapi/ui.json, QKeyCode), with shift or without. */
export type Key = { readonly code: string; readonly shift: boolean };

/** US layout: what stands on a key without shift, with shift, and QEMU's name of it. */
const KEYS: readonly (readonly [plain: string, shifted: string, code: string])[] = [
  ...Array.from("abcdefghijklmnopqrstuvwxyz").map(
    (letter) => [letter, letter.toUpperCase(), letter] as const,
  ),
  ...Array.from("1234567890").map((digit, index) => [digit, "!@#$%^&*()"[index] ?? "", digit] as const),
  ["-", "_", "minus"],
  ["=", "+", "equal"],
  ["[", "{", "bracket_left"],
  ["]", "}", "bracket_right"],
  ["\\", "|", "backslash"],
  [";", ":", "semicolon"],
  ["'", '"', "apostrophe"],
  ["`", "~", "grave_accent"],
  [",", "<", "comma"],
  [".", ">", "dot"],
  ["/", "?", "slash"],
  [" ", " ", "spc"],
];

const ENTER: Key = { code: "ret", shift: false };

/** Enter at the end. null: a character that this keyboard does not have. Pure. */
export function keysFor(passphrase: Uint8Array): readonly Key[] | null {
  const keys: Key[] = [];
  for (const byte of passphrase) {
    const character = String.fromCharCode(byte);
    const found = KEYS.find(([plain, shifted]) => plain === character || shifted === character);
    if (found === undefined) return null;
    keys.push({ code: found[2], shift: found[0] !== character });
  }
  return [...keys, ENTER];
}

/** cryptsetup-initramfs (Debian); systemd, in dracut and on its own; dracut without systemd; cryptsetup alone (Arch, Alpine). */
const PROMPT =
  /(?:Please unlock disk .{0,200}|Please enter (?:pass|pin)\w* for .{0,200}|Password \(.{0,200}\)|Enter passphrase for .{0,200}|A password is required to access .{0,200}):\s*(?:\(press TAB.{0,40}\))?\s*\**\s*$/i;

/** How often a volume is asked for: cryptsetup and systemd let a person try three times. */
const TRIES = 3;
/** Hashing may take half a minute in an emulated VM; then it asks again, or goes on. */
const ANSWER_MS = 120_000;
/** So many looks without disk activity: then a VM whose screen cannot be read is taken to ask. */
const SILENT_LOOKS = 4;
/** The first may come before there is a keyboard driver. */
const BLIND_TRIES = 6;

export type Seen = {
  /** In text mode; else [], or what stood there before. */
  readonly rows: readonly string[];
  /** As `CheckRun.activity`. */
  readonly activity: number | null;
  /** Something on the serial console says that the system is beyond its initramfs. */
  readonly isUp: boolean;
  readonly nowMs: number;
};

export type Step =
  | { readonly kind: "wait" }
  /** `blind`: nobody can say that it is asked for; it may be echoed. */
  | { readonly kind: "type"; readonly passphrase: Secret; readonly blind: boolean }
  /** It asks again and again: what can be typed is not what it wants. */
  | { readonly kind: "locked" };

/** Decides by what is seen every few seconds. `rootIsLocked`: the VM must ask, sooner or later. */
export class Typist {
  readonly #passphrases: readonly Secret[];
  readonly #rootIsLocked: boolean;
  #typed = 0;
  #blind = 0;
  #prompts = 0;
  #sawPrompt = false;
  #answeredMs = 0;
  #silent = 0;
  #last = "";

  constructor(passphrases: readonly Secret[], options: { readonly rootIsLocked: boolean }) {
    this.#passphrases = passphrases;
    this.#rootIsLocked = options.rootIsLocked;
  }

  /** false: there is nothing it could type. */
  get isReady(): boolean {
    return this.#passphrases.length > 0;
  }

  look({ rows, activity, isUp, nowMs }: Seen): Step {
    const prompts = rows.filter((row) => PROMPT.test(row)).length;
    const isNew = prompts > this.#prompts || nowMs - this.#answeredMs > ANSWER_MS;
    this.#prompts = prompts;
    if (PROMPT.test(rows.findLast((row) => row.trim() !== "") ?? "")) {
      const asks = !this.#sawPrompt || isNew;
      this.#sawPrompt = true;
      return asks ? this.#type(nowMs, { blind: false }) : { kind: "wait" };
    }
    // Where the screen is a picture, its memory for text has nothing, or what stood there last.
    const now = `${activity} ${rows.join("\n")}`;
    this.#silent = activity !== null && now === this.#last ? this.#silent + 1 : 0;
    this.#last = now;
    const mayAsk = this.#rootIsLocked && !this.#sawPrompt && !isUp;
    if (!mayAsk || this.#silent < SILENT_LOOKS || this.#blind >= BLIND_TRIES * this.#passphrases.length)
      return { kind: "wait" };
    this.#silent = 0;
    return this.#type(nowMs, { blind: true });
  }

  #type(nowMs: number, { blind }: { blind: boolean }): Step {
    const passphrase = this.#passphrases[(this.#typed + this.#blind) % this.#passphrases.length];
    if (passphrase === undefined) return { kind: "wait" };
    if (this.#typed >= TRIES * this.#passphrases.length) return { kind: "locked" };
    if (blind) this.#blind += 1;
    else this.#typed += 1;
    this.#answeredMs = nowMs;
    return { kind: "type", passphrase, blind };
  }
}
