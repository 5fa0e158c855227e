// SPDX-License-Identifier: Apache-2.0
// Reads the newc format of cpio as a stream (kernel: Documentation/driver-api/early-userspace/buffer-format.rst).

export type InitramfsEntry = {
  /** Without `./` or `/` in front: `usr/lib/modules/...`. */
  readonly path: string;
  readonly kind: "file" | "directory" | "link" | "other";
  readonly sizeBytes: number;
  /** Of small configuration files; null: not kept. */
  readonly content: Buffer | null;
};

const HEADER = 110;
const MAX_NAME = 4096;
const MAX_ENTRIES = 500_000;
/** What we look into: configuration, rules, .link files, what starts it. Not modules and programs. */
const KEPT = /^((conf|etc|cryptroot|(usr\/)?lib\/(udev\/rules\.d|systemd\/network))\/|(init|config)$)/;
const MAX_KEPT = 64 * 1024;
const MAX_KEPT_SUM = 16 * 2 ** 20;

type State =
  | { readonly at: "header" }
  | { readonly at: "name"; readonly header: Header }
  | {
      readonly at: "data";
      readonly header: Header;
      readonly path: string;
      left: number;
      readonly parts: Buffer[] | null;
    }
  | { readonly at: "padding"; left: number };

type Header = { readonly mode: number; readonly size: number; readonly nameSize: number };

/** Entries of concatenated archives. RangeError for what is not cpio, or is beyond every bound. */
export class CpioReader {
  readonly entries = new Map<string, InitramfsEntry>();
  #rest: Buffer = Buffer.alloc(0);
  #state: State = { at: "header" };
  #kept = 0;
  /** Whether the last archive has ended. */
  ended = true;

  /** Takes the next bytes; with `stopAtEnd`, gives back what follows the first archive's end, else null. */
  push(part: Buffer, { stopAtEnd = false }: { stopAtEnd?: boolean } = {}): Buffer | null {
    let bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    this.#rest = Buffer.alloc(0);
    for (;;) {
      const wasEnded = this.ended;
      const next = this.#step(bytes);
      if (next === null) {
        this.#rest = Buffer.from(bytes);
        return null;
      }
      bytes = next;
      if (stopAtEnd && this.ended && !wasEnded) return bytes;
    }
  }

  /** Consumes one piece; null: more bytes are needed. */
  #step(bytes: Buffer): Buffer | null {
    const state = this.#state;
    switch (state.at) {
      case "header": {
        if (this.ended) {
          let at = 0;
          while (at < bytes.length && bytes[at] === 0) at += 1; // archives are padded with zeros
          if (at > 0) return bytes.subarray(at);
        }
        if (bytes.length < HEADER) return null;
        this.ended = false;
        this.#state = { at: "name", header: parseHeader(bytes.toString("latin1", 0, HEADER)) };
        return bytes.subarray(HEADER);
      }
      case "name": {
        const { header } = state;
        const length = padded(HEADER + header.nameSize) - HEADER;
        if (bytes.length < length) return null;
        const name = bytes.toString("utf8", 0, header.nameSize - 1);
        if (name === "TRAILER!!!") {
          this.ended = true;
          this.#state = { at: "header" };
        } else {
          const kind = kindOf(header.mode);
          const path = name.replace(/^(\.?\/)+/, "");
          const small = header.size <= MAX_KEPT && this.#kept + header.size <= MAX_KEPT_SUM;
          const keep = small && (kind === "link" || (kind !== "other" && KEPT.test(path)));
          if (keep) this.#kept += header.size;
          this.#state = { at: "data", header, path, left: header.size, parts: keep ? [] : null };
        }
        return bytes.subarray(length);
      }
      case "data": {
        if (state.left > 0 && bytes.length === 0) return null;
        const part = bytes.subarray(0, state.left);
        state.parts?.push(Buffer.from(part));
        state.left -= part.length;
        if (state.left === 0) {
          this.#add(state.path, state.header, state.parts);
          this.#state = { at: "padding", left: padded(state.header.size) - state.header.size };
        }
        return bytes.subarray(part.length);
      }
      case "padding": {
        if (bytes.length < state.left) return null;
        const { left } = state;
        this.#state = { at: "header" };
        return bytes.subarray(left);
      }
    }
  }

  #add(path: string, header: Header, parts: Buffer[] | null): void {
    if (this.entries.size >= MAX_ENTRIES)
      throw new RangeError(`The archive has more than ${MAX_ENTRIES} entries`);
    const content = parts === null ? null : Buffer.concat(parts);
    this.entries.set(path, { path, kind: kindOf(header.mode), sizeBytes: header.size, content });
  }
}

const padded = (length: number): number => (length + 3) & ~3;

function parseHeader(text: string): Header {
  if (!/^07070[12][0-9A-Fa-f]{104}$/.test(text))
    throw new RangeError("Not a cpio archive of the newc format");
  const field = (index: number): number => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16);
  const header = { mode: field(1), size: field(6), nameSize: field(11) };
  if (header.nameSize < 1 || header.nameSize > MAX_NAME)
    throw new RangeError(`A name of ${header.nameSize} bytes in a cpio archive`);
  if (header.size >= 2 ** 31) throw new RangeError(`A file of ${header.size} bytes in a cpio archive`);
  return header;
}

function kindOf(mode: number): InitramfsEntry["kind"] {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case 0o040000:
      return "directory";
    case 0o120000:
      return "link";
    default:
      return "other";
  }
}
