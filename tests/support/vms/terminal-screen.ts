// SPDX-License-Identifier: Apache-2.0
// What a terminal shows after some bytes: a small vt220 (its control sequences as tmux and ncurses use them), for tests
// that answer programs on a serial line as a person would.

export type Cell = { readonly char: string; readonly reverse: boolean };

const ROWS = 24;
const COLUMNS = 80;

/** A sequence that is not whole yet waits for its rest. */
const TOKEN = new RegExp(
  [
    String.raw`\x1b\[([?>=!]?)([0-9;]*)([ -/]*)([@-~])`,
    String.raw`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)`,
    String.raw`\x1b[()*+#][ -~]`,
    String.raw`\x1b([^[\]()*+#])`,
    String.raw`[^\x1b]`,
  ].join("|"),
  "y",
);

export class TerminalScreen {
  #cells: Cell[][] = blank();
  #row = 0;
  #column = 0;
  #top = 0;
  #bottom = ROWS - 1;
  #reverse = false;
  #saved = { row: 0, column: 0 };
  #rest = "";
  /** The cursor stands behind the last column: the next character goes to the next line (DECAWM). */
  #wraps = false;

  write(text: string): void {
    const all = this.#rest + text;
    TOKEN.lastIndex = 0;
    let at = 0;
    for (let match = TOKEN.exec(all); match !== null; match = TOKEN.exec(all)) {
      at = TOKEN.lastIndex;
      const [whole, mark = "", parameters = "", , final, escape] = match;
      if (final !== undefined) this.#control(mark, parameters.split(";").map(Number), final);
      else if (escape !== undefined) this.#escape(escape);
      else if (!whole.startsWith("\u001b")) this.#char(whole);
    }
    this.#rest = all.slice(at);
  }

  rows(): readonly (readonly Cell[])[] {
    return this.#cells;
  }

  text(): string {
    return this.#cells
      .map((row) =>
        row
          .map(({ char }) => char)
          .join("")
          .trimEnd(),
      )
      .join("\n");
  }

  #char(char: string): void {
    switch (char) {
      case "\r":
        this.#move(this.#row, 0);
        return;
      case "\n":
      case "\v":
      case "\f":
        this.#lineFeed();
        return;
      case "\b":
        this.#move(this.#row, this.#column - 1);
        return;
      case "\t":
        this.#move(this.#row, (Math.floor(this.#column / 8) + 1) * 8);
        return;
    }
    if (char < " " || char === "\u007f") return;
    if (this.#wraps) {
      this.#move(this.#row, 0);
      this.#lineFeed();
    }
    this.#set(this.#row, this.#column, char);
    if (this.#column === COLUMNS - 1) this.#wraps = true;
    else this.#column += 1;
  }

  #lineFeed(): void {
    if (this.#row === this.#bottom) this.#scroll(this.#top, 1);
    else this.#move(this.#row + 1, this.#column);
  }

  #escape(letter: string): void {
    if (letter === "M") {
      if (this.#row === this.#top) this.#scroll(this.#top, -1);
      else this.#move(this.#row - 1, this.#column);
    } else if (letter === "D") this.#lineFeed();
    else if (letter === "E") {
      this.#move(this.#row, 0);
      this.#lineFeed();
    } else if (letter === "7") this.#saved = { row: this.#row, column: this.#column };
    else if (letter === "8") this.#move(this.#saved.row, this.#saved.column);
    else if (letter === "c") {
      this.#cells = blank();
      this.#region(0, ROWS - 1);
      this.#reverse = false;
    }
  }

  #control(mark: string, given: readonly number[], final: string): void {
    if (mark !== "") return;
    const n = Math.max(1, given[0] ?? 1);
    const mode = given[0] ?? 0;
    switch (final) {
      case "H":
      case "f":
        return this.#move(n - 1, Math.max(1, given[1] ?? 1) - 1);
      case "A":
        return this.#move(this.#row - n, this.#column);
      case "B":
        return this.#move(this.#row + n, this.#column);
      case "C":
        return this.#move(this.#row, this.#column + n);
      case "D":
        return this.#move(this.#row, this.#column - n);
      case "G":
        return this.#move(this.#row, n - 1);
      case "d":
        return this.#move(n - 1, this.#column);
      case "J":
        return this.#eraseDisplay(mode);
      case "K":
        return this.#erase(this.#row, mode === 0 ? this.#column : 0, mode === 1 ? this.#column + 1 : COLUMNS);
      case "X":
        return this.#erase(this.#row, this.#column, this.#column + n);
      case "P":
        return this.#shift(n, 0);
      case "@":
        return this.#shift(0, n);
      case "L":
        return this.#scroll(this.#row, -n);
      case "M":
        return this.#scroll(this.#row, n);
      case "S":
        return this.#scroll(this.#top, n);
      case "T":
        return this.#scroll(this.#top, -n);
      case "r":
        return this.#region(n - 1, (given[1] ?? 0) === 0 ? ROWS - 1 : (given[1] ?? ROWS) - 1);
      case "m":
        for (const one of given) this.#reverse = one === 7 || (this.#reverse && one !== 0 && one !== 27);
        return;
    }
  }

  #region(top: number, bottom: number): void {
    this.#top = Math.min(top, ROWS - 1);
    this.#bottom = Math.min(bottom, ROWS - 1);
    this.#move(0, 0);
  }

  #move(row: number, column: number): void {
    this.#row = Math.max(0, Math.min(ROWS - 1, row));
    this.#column = Math.max(0, Math.min(COLUMNS - 1, column));
    this.#wraps = false;
  }

  #set(row: number, column: number, char: string): void {
    const line = this.#cells[row];
    if (line !== undefined && column < COLUMNS) line[column] = { char, reverse: this.#reverse };
  }

  #erase(row: number, from: number, to: number): void {
    for (let column = from; column < Math.min(to, COLUMNS); column += 1) this.#set(row, column, " ");
  }

  #eraseDisplay(mode: number): void {
    const first = mode === 0 ? this.#row + 1 : 0;
    const end = mode === 1 ? this.#row : ROWS;
    for (let row = first; row < end; row += 1) this.#erase(row, 0, COLUMNS);
    if (mode === 0) this.#erase(this.#row, this.#column, COLUMNS);
    if (mode === 1) this.#erase(this.#row, 0, this.#column + 1);
  }

  /** Characters right of the cursor: `gone` of them go, `fresh` blanks come. */
  #shift(gone: number, fresh: number): void {
    const line = this.#cells[this.#row] ?? [];
    const head = line.slice(0, this.#column);
    const blanks = blankRow().slice(0, Math.min(fresh, COLUMNS));
    this.#cells[this.#row] = [...head, ...blanks, ...line.slice(this.#column + gone), ...blankRow()].slice(
      0,
      COLUMNS,
    );
  }

  /** Lines from `first` to the region's bottom go up by `count`, or down where it is negative. */
  #scroll(first: number, count: number): void {
    const part = this.#cells.slice(first, this.#bottom + 1);
    const size = part.length;
    const many = Math.min(size, Math.abs(count));
    const fresh = Array.from({ length: many }, blankRow);
    const moved = count > 0 ? [...part.slice(many), ...fresh] : [...fresh, ...part.slice(0, size - many)];
    this.#cells.splice(first, size, ...moved);
  }
}

const blankRow = (): Cell[] => Array.from({ length: COLUMNS }, () => ({ char: " ", reverse: false }));
const blank = (): Cell[][] => Array.from({ length: ROWS }, blankRow);
