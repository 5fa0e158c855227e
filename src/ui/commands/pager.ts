// SPDX-License-Identifier: Apache-2.0
// A long text for whoever asked for it: in $PAGER, else in less, else a screenful at a time.
import { showInPager } from "../../system/index.ts";
import { plain } from "../text/plain.ts";
import { wrapLines } from "../text/wrap.ts";
import { askLine } from "./ask.ts";
import { tellLines, widthOf } from "./context.ts";

const USUAL_ROWS = 24;

export async function page(text: string, signal: AbortSignal): Promise<void> {
  const own = process.env["PAGER"] ?? "";
  // The variable is a command line of the user's own shell, as for man(1) and git(1).
  const pagers = [...(own.trim() === "" ? [] : [["sh", "-c", own]]), ["less"]];
  for (const pager of pagers) if (await showInPager(pager, plain(text), { signal })) return;
  const lines = wrapLines(text, widthOf(process.stderr)).split("\n");
  const rows = Math.max(2, process.stderr.rows || USUAL_ROWS) - 1;
  for (let at = 0; at < lines.length; at += rows) {
    tellLines(lines.slice(at, at + rows).join("\n"));
    const left = lines.length - at - rows;
    if (left > 0 && (await askLine(`${left} more lines: Enter goes on, q ends this`, signal)) === "q") return;
  }
}
