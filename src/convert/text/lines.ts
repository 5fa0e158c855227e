// SPDX-License-Identifier: Apache-2.0
// Text as lines with their endings: what an edit does not change stays, byte for byte. Pure.

/** Each line with its own `\n` (or none, at the end); joined they are the text again. */
export function splitLines(text: string): string[] {
  const lines: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const next = end === -1 ? text.length : end + 1;
    lines.push(text.slice(at, next));
    at = next;
  }
  return lines;
}

/** Lines together with those that continue them after a backslash (udev rules, shell). */
export function splitLogicalLines(text: string): string[] {
  const out: string[] = [];
  let open: string[] = [];
  for (const line of splitLines(text)) {
    open.push(line);
    if (/\\\r?\n$/.test(line)) continue;
    out.push(open.join(""));
    open = [];
  }
  if (open.length > 0) out.push(open.join(""));
  return out;
}

/** A longer line was not written by a person; patterns that are not linear on blanks leave it alone. */
export const MAX_LINE = 4096;

export function mapLines(text: string, change: (line: string) => string): string {
  return splitLines(text).map(change).join("");
}

/** Each of its physical lines as a comment. */
export function commentOut(line: string, why: string): string {
  const commented = splitLines(line).map((part) => `# ${part}`);
  return `# virt-p2v: ${why}\n${commented.join("")}`;
}

/** A text that ends with a newline, or is empty. */
export function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
