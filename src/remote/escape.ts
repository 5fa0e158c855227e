// SPDX-License-Identifier: Apache-2.0
// The way out of a terminal whose every key goes to the job: Enter ~ . as in ssh. Pure.

const TILDE = 0x7e;
const DOT = 0x2e;
const isNewline = (byte: number): boolean => byte === 0x0d || byte === 0x0a;

export class EscapeKeys {
  /** What the last key was: `~.` counts at the begin of a line only. */
  #after: "line" | "tilde" | "other" = "line";

  /** What of it is for the job, and whether the person leaves. */
  take(bytes: Uint8Array): { readonly input: Buffer; readonly leaves: boolean } {
    const input: number[] = [];
    for (const byte of bytes) {
      if (this.#after === "tilde") {
        if (byte === DOT) return { input: Buffer.from(input), leaves: true };
        if (byte !== TILDE) input.push(TILDE); // two of them are one
        input.push(byte);
        this.#after = isNewline(byte) ? "line" : "other";
      } else if (this.#after === "line" && byte === TILDE) this.#after = "tilde";
      else {
        input.push(byte);
        this.#after = isNewline(byte) || byte === 0x03 ? "line" : "other"; // Ctrl-C begins a new one too
      }
    }
    return { input: Buffer.from(input), leaves: false };
  }
}
