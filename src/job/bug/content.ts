// SPDX-License-Identifier: Apache-2.0
// What a bug report is made of: parts with a name, words for the person who is asked, and a content that is read later.
import { blotJson, blotKnown, blotText } from "../../core/index.ts";

export type Content =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "json"; readonly value: unknown }
  /** Sieved already. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "left-out"; readonly why: string };

export type BugPart = {
  /** Its file in the archive, such as `vm/report.json`. */
  readonly name: string;
  /** What it is, for a person: begins with a small letter, no full stop. */
  readonly what: string;
  readonly read: (options: { signal: AbortSignal }) => Promise<Content>;
};

/** What of a content goes into the archive: no secret is in it. null: nothing. Pure. */
export function blotContent(content: Content): Uint8Array | null {
  switch (content.kind) {
    case "text":
      return Buffer.from(blotKnown(blotText(content.text)));
    case "json":
      return Buffer.from(blotKnown(`${JSON.stringify(blotJson(content.value), null, 2)}\n`));
    case "bytes":
      return content.bytes;
    case "left-out":
      return null;
  }
}

/** A file of ours: JSON where it is, so that each of its texts is looked at by itself. Pure. */
export function contentOf(bytes: Uint8Array): Content {
  const text = Buffer.from(bytes).toString("utf8");
  try {
    return { kind: "json", value: JSON.parse(text) as unknown };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "text", text };
  }
}
