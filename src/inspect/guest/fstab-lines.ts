// SPDX-License-Identifier: Apache-2.0
// fstab(5) as text: its lines, without a word of what they mean. Pure.
import { unescapeFstab } from "../../core/index.ts";

const MAX_LINES = 100_000;

export type FstabLine = {
  readonly spec: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
};

/** The lines that name something; RangeError above 100,000 lines. */
export function parseFstab(text: string): readonly FstabLine[] {
  const lines = text.split("\n", MAX_LINES + 1);
  if (lines.length > MAX_LINES) throw new RangeError(`fstab has more than ${MAX_LINES} lines`);
  const out: FstabLine[] = [];
  for (const line of lines) {
    const [spec = "", path = "", type = "auto", options = "defaults"] = line.trim().split(/[ \t]+/, 4);
    if (spec === "" || spec.startsWith("#") || path === "") continue;
    out.push({
      spec: unescapeFstab(spec).replaceAll(/["']/g, ""),
      path: unescapeFstab(path),
      type: unescapeFstab(type),
      options: unescapeFstab(options),
    });
  }
  return out;
}
