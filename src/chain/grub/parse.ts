// SPDX-License-Identifier: Apache-2.0
// The language of grub.cfg (GRUB manual, "Writing full configuration files directly"): words, `if`, blocks. Bounded; what it
// does not know is a command like any other. Pure.

/** A word as pieces: quoted text, and variables that are looked up when it is run. */
export type Word = readonly Piece[];
type Piece = { readonly text: string } | { readonly variable: string };

export type Statement =
  | { readonly kind: "command"; readonly words: readonly Word[] }
  | { readonly kind: "if"; readonly branches: readonly Branch[] }
  /** menuentry, submenu, function: what stands before the brace, and what in it. */
  | { readonly kind: "block"; readonly words: readonly Word[]; readonly body: readonly Statement[] };

/** `test` is empty in `else`. */
export type Branch = { readonly test: readonly Word[]; readonly body: readonly Statement[] };

const MAX_CHARS = 4 * 2 ** 20;
const MAX_DEPTH = 24;

type Token = { readonly kind: "word"; readonly word: Word; readonly bare: string } | { readonly kind: "end" };

/** RangeError above 4 MiB or where blocks are nested more than 24 deep. */
export function parseGrub(text: string): readonly Statement[] {
  if (text.length > MAX_CHARS) throw new RangeError("The menu has more than 4 MiB");
  return new Parser(tokensOf(text)).statements(0, () => false);
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Up to a bare word at the start of a command that `ends`; that word stays. */
  statements(depth: number, ends: (word: string) => boolean): Statement[] {
    if (depth > MAX_DEPTH) throw new RangeError("The menu is nested too deep");
    const out: Statement[] = [];
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token.kind === "end") {
        this.#at += 1;
        continue;
      }
      if (ends(token.bare)) return out;
      if (token.bare === "if") out.push(this.#condition(depth));
      else out.push(this.#command(depth));
    }
    return out;
  }

  #command(depth: number): Statement {
    const words: Word[] = [];
    for (let token = this.#tokens[this.#at]; token?.kind === "word"; token = this.#tokens[this.#at]) {
      // `menuentry x { reboot }`: the brace ends the command before it, too.
      if (token.bare === "}" && words.length > 0) break;
      this.#at += 1;
      if (token.bare === "{") {
        const body = this.statements(depth + 1, (word) => word === "}");
        this.#at += 1;
        return { kind: "block", words, body };
      }
      words.push(token.word);
    }
    return { kind: "command", words };
  }

  #condition(depth: number): Statement {
    const branches: Branch[] = [];
    const isNext = (word: string): boolean => word === "elif" || word === "else" || word === "fi";
    for (let keyword = "if"; keyword !== "fi" && keyword !== ""; keyword = this.#bare()) {
      this.#at += 1;
      const test: Word[] = [];
      if (keyword !== "else")
        for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
          if (token.kind === "word" && token.bare === "then") break;
          if (token.kind === "word") test.push(token.word);
          this.#at += 1;
        }
      if (this.#bare() === "then") this.#at += 1;
      branches.push({ test, body: this.statements(depth + 1, isNext) });
    }
    this.#at += 1;
    return { kind: "if", branches };
  }

  #bare(): string {
    const token = this.#tokens[this.#at];
    return token?.kind === "word" ? token.bare : "";
  }
}

const BLANK = /[ \t]/;

/** One walk over the text. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let pieces: Piece[] = [];
  let plain = "";
  let bare = "";
  let open = false;
  const flush = (): void => {
    if (plain !== "") pieces.push({ text: plain });
    plain = "";
  };
  const endWord = (): void => {
    flush();
    if (open) tokens.push({ kind: "word", word: pieces, bare });
    pieces = [];
    bare = "";
    open = false;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\n" || char === "\r" || char === ";") {
      endWord();
      tokens.push({ kind: "end" });
    } else if (BLANK.test(char)) endWord();
    else if (char === "#" && !open) {
      const end = text.indexOf("\n", at);
      at = (end < 0 ? text.length : end) - 1;
    } else if ((char === "{" || char === "}") && !open) {
      tokens.push({ kind: "word", word: [{ text: char }], bare: char });
    } else if (char === "\\") {
      if (text.charAt(at + 1) !== "\n") plain += text.charAt(at + 1);
      open = true;
      at += 1;
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      plain += text.slice(at + 1, end < 0 ? undefined : end);
      open = true;
      at = end < 0 ? text.length : end;
    } else if (char === '"') {
      open = true;
      for (at += 1; at < text.length && text.charAt(at) !== '"'; at += 1) {
        if (text.charAt(at) === "\\") {
          at += 1;
          plain += text.charAt(at);
        } else at = variable(at);
      }
    } else {
      open = true;
      const before = at;
      at = variable(at);
      if (at === before) bare += char;
    }
  }
  endWord();
  return tokens;

  /** Takes a variable, or one character, at `at`; where it ends. */
  function variable(at: number): number {
    const [whole = "", braced, named] =
      text.charAt(at) === "$"
        ? (/^\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+|\?))/.exec(text.slice(at, at + 130)) ?? [])
        : [];
    if (whole === "") {
      plain += text.charAt(at);
      return at;
    }
    flush();
    pieces.push({ variable: braced ?? named ?? "" });
    return at + whole.length - 1;
  }
}
