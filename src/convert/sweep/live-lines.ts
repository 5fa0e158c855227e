// SPDX-License-Identifier: Apache-2.0
// Lines of a file that somebody acts upon: without comments, examples and words for people. Pure.
import { splitLines } from "../text/lines.ts";

export type LiveLine = {
  /** From 1. */
  readonly number: number;
  readonly text: string;
};

/** Words that are shown to a person, or show how a thing is used. */
const SPOKEN =
  /^\s*(?:echo|printf|print|log|logger|warn|die|usage)\b[^|;&>]*$|\b[Uu]sage:|\be\.g\.|\bfor example\b/;

const MAX_LINES = 20_000;

export function liveLines(text: string): readonly LiveLine[] {
  const out: LiveLine[] = [];
  let block: "none" | "c" | "xml" = "none";
  for (const [index, raw] of splitLines(text).slice(0, MAX_LINES).entries()) {
    let line = raw.replace(/\r?\n$/, "").slice(0, 4096);
    if (block !== "none") {
      const end = line.indexOf(block === "c" ? "*/" : "-->");
      if (end === -1) continue;
      line = line.slice(end + (block === "c" ? 2 : 3));
      block = "none";
    }
    line = line.replaceAll(/<!--.*?-->/g, "").replaceAll(/(^|\s)\/\*.*?\*\//g, "$1");
    const xml = line.indexOf("<!--");
    if (xml !== -1) [line, block] = [line.slice(0, xml), "xml"];
    const c = /(?:^|\s)\/\*(?!\S*\*)/.exec(line);
    if (c !== null) [line, block] = [line.slice(0, c.index), "c"];
    line = line.replace(/(?:^|\s)(?:#|\/\/(?=\s|$)).*$/, "");
    if (/^\s*(?:;|!|\/\/|--\s|$)/.test(line) || SPOKEN.test(line)) continue;
    out.push({ number: index + 1, text: line });
  }
  return out;
}
