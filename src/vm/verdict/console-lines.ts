// SPDX-License-Identifier: Apache-2.0
// A VM's serial console as lines: bounded, without control characters, never trusted.
import { shown } from "../../core/index.ts";
import { MAX_PROBE_BYTES } from "../probe/probe.ts";

/** Kept of the console, from its beginning and from its end. */
const KEPT_CHARS = 512 * 1024;

// CSI and OSC sequences, other escapes (ECMA-48).
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,1000}(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

// Boot menus place the cursor instead of ending their lines.
// oxlint-disable-next-line no-control-regex
const CURSOR = /\u001b\[\d{0,3};?\d{0,3}H/g;

/** A carriage return at the end may belong to a line feed that comes. Looked for from the first of a row: there may be many. */
const LINE_END = /(?<!\r)\r+(?:\n|(?=[^\n]))|\n/;

/** Nothing, or a part of a menu's frame. */
const EMPTY = /^[\s\u2500-\u257f]*$/;

/** A line for people: no escape sequences, no control characters. */
export function cleanLine(line: string): string {
  return shown(line.replace(ESCAPES, ""), { by: "", lines: true }).replaceAll("\n", "").trimEnd();
}

export type ConsoleLines = {
  /** Takes the next bytes; gives the lines that they complete, cleaned, without empty ones. */
  push(bytes: Uint8Array): readonly string[];
  /** What stands after the last line end. */
  unfinished(): string;
  /** The last lines, and the unfinished one: a prompt has no line end. */
  last(count: number): readonly string[];
  /** Everything, but for the middle of a very long one. */
  text(): string;
};

export function consoleLines(): ConsoleLines {
  const decoder = new TextDecoder();
  const recent: string[] = [];
  let open = "";
  let head = "";
  let tail = "";
  let dropped = false;
  const keep = (line: string): void => {
    if (EMPTY.test(line)) return; // menus and clear-screens make many
    recent.push(line);
    if (recent.length > 400) recent.splice(0, 200);
    if (head.length < KEPT_CHARS) {
      head += `${line}\n`;
      return;
    }
    tail += `${line}\n`;
    if (tail.length > 2 * KEPT_CHARS) {
      tail = tail.slice(-KEPT_CHARS);
      dropped = true;
    }
  };
  return {
    push(bytes) {
      open += decoder.decode(bytes, { stream: true }).replace(CURSOR, "\n");
      const parts = open.split(LINE_END);
      open = parts.pop() ?? "";
      // A line without end is cut, above what a probe may have.
      if (open.length > MAX_PROBE_BYTES) {
        parts.push(open);
        open = "";
      }
      const lines = parts.map((line) => cleanLine(line.slice(0, MAX_PROBE_BYTES)));
      for (const line of lines) keep(line);
      return lines.filter((line) => !EMPTY.test(line));
    },
    unfinished: () => cleanLine(open.slice(-4096)),
    last(count) {
      const unfinished = cleanLine(open);
      return [...recent, ...(unfinished === "" ? [] : [unfinished])].slice(-count);
    },
    text: () => head + (dropped ? "\n[... left out ...]\n" : "") + tail + cleanLine(open),
  };
}
