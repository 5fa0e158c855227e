// SPDX-License-Identifier: Apache-2.0
// Answers the wizard on a serial line as a person does: looks at the screen, types, presses keys.
import type { LiveVm } from "./live-vm.ts";
import { TerminalScreen } from "./terminal-screen.ts";

export const KEYS = {
  enter: "\r",
  tab: "\t",
  escape: "\u001b",
  down: "\u001b[B",
  home: "\u001b[H",
  end: "\u001b[F",
} as const;

const STANDS_MS = 1000;

export class WizardTypist {
  readonly #vm: LiveVm;
  readonly #screen = new TerminalScreen();
  #read = 0;

  constructor(vm: LiveVm) {
    this.#vm = vm;
  }

  screen(): string {
    const fresh = this.#vm.raw(this.#read);
    this.#read += fresh.length;
    this.#screen.write(fresh);
    return this.#screen.text();
  }

  /**
   * Waits until the page of this title is on the screen and whole; Error with the screen when it does not come. dialog draws the
   * frame before the text: a page that stood for a second, and `shows` what it must, is whole.
   */
  async page(
    title: string,
    { timeoutMs = 60_000, shows = /./ }: { timeoutMs?: number; shows?: RegExp } = {},
  ): Promise<string> {
    const head = `-${title}-`;
    let before = "";
    let since = performance.now();
    for (const end = performance.now() + timeoutMs; ; ) {
      const text = this.screen();
      if (text !== before) since = performance.now();
      before = text;
      const lines = text.split("\n");
      const isHere =
        lines.some((line) => line.includes(head)) && lines.some((line) => /< *Help *>/.test(line));
      if (isHere && shows.test(text) && performance.now() - since > STANDS_MS) return text;
      if (performance.now() > end) throw new Error(`No page "${title}"; the screen is\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Types, with time for each piece to be drawn: a line of 115200 baud and a busy machine lose nothing, but dialog reads on. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#vm.type(key);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
  }

  /** In a form: the field where the cursor stands gets this value. */
  async fill(...values: readonly string[]): Promise<void> {
    for (const [index, value] of values.entries()) {
      if (index > 0) await this.press(KEYS.down);
      // ^U: dialog's key for emptying an input field
      await this.press("\u0015");
      if (value !== "") await this.press(value);
    }
  }
}
