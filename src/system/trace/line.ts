// SPDX-License-Identifier: Apache-2.0
// One line of a trace: what a program was started with, when, for how long, and how it ended. It can be pasted. Pure.
import { blotArguments, blotKnown, blotText } from "../../core/index.ts";
import { quoteOnOneLine } from "../programs/quote.ts";

export type TracedProgram = {
  readonly argv: readonly string[];
  /** Set beside what every program has (LC_ALL=C, TZ=UTC0). */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** It got so many bytes on stdin; their content is nobody's business. */
  readonly inputBytes?: number;
  /** The host on which it runs; `argv` says how it is reached. */
  readonly on?: string;
  /** A program of the guest, in the sandbox. */
  readonly isGuest?: boolean;
  /**
   * `argv` is one line that was told to a shell which was begun before. Alone and without its stdin it would do something
   * else, to the same files: it is a comment, which does nothing when it is pasted.
   */
  readonly isTold?: boolean;
};

export type TracedEnd =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "timeout"; readonly limitSeconds: number }
  /** Its end was not seen: the link is gone, or nobody waited for it. */
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "not-started"; readonly why: string };

/** `number` joins the line of its begin with that of its end, where there are two. */
export type TraceNote =
  | { readonly kind: "begun"; readonly at: Date; readonly number: number }
  | {
      readonly kind: "ended";
      readonly at: Date;
      readonly seconds: number;
      readonly end: TracedEnd;
      readonly number: number | null;
    };

export const TRACE_HEAD = "# virt-p2v trace 1\n";

export const TRACE_LEGEND = `# Each line is a program as it was run, and can be pasted into bash: what stands before the ; is a note. It has the
# time of the start (UTC), the seconds it took, and how it ended; begun=N is a program that runs for long, and another
# line with begun=N its end. Secrets are ***, and what a program was given on stdin is not here.
`;

/** A longer one could not be pasted anyway. */
const MAX_COMMAND = 128 * 1024;
const MAX_TOLD = 4096;

export function renderTraceLine(program: TracedProgram, note: TraceNote): string {
  const words = [`: ${note.at.toISOString()}`];
  if (note.kind === "ended") words.push(`${note.seconds.toFixed(3)}s`, renderEnd(note.end));
  if (note.number !== null) words.push(`begun=${note.number}`);
  if (program.isGuest === true) words.push("guest");
  if (program.on !== undefined) words.push(`on=${quoteOnOneLine(program.on)}`);
  if (program.inputBytes !== undefined) words.push(`stdin=${program.inputBytes}B`);
  const isSecondLine = note.kind === "ended" && note.number !== null;
  return `${words.join(" ")}; ${isSecondLine ? `# ${nameOf(program)}` : renderCommand(program)}\n`;
}

function renderEnd(end: TracedEnd): string {
  switch (end.kind) {
    case "exit":
      return `exit=${end.code}`;
    case "signal":
      return `signal=${end.signal}`;
    case "timeout":
      return `timeout=${end.limitSeconds}s`;
    case "lost":
    case "not-started":
      return `${end.kind}=${quoteOnOneLine(end.why)}`;
  }
}

function renderCommand({ argv, env = {}, cwd, isTold = false }: TracedProgram): string {
  if (isTold) return renderTold(argv.join(" "));
  const settings = Object.entries(env).map(
    ([name, value]) => `${name}=${quoteOnOneLine(blotSetting(name, value))}`,
  );
  const words = blotArguments(argv.map(blotKnown)).map(quoteOnOneLine);
  const place = cwd === undefined ? [] : ["cd", quoteOnOneLine(cwd), "&&"];
  const command = [...place, ...settings, ...words].join(" ");
  if (command.length <= MAX_COMMAND) return command;
  return `# ${command.slice(0, 1000)} ... (${command.length} letters, cut)`;
}

/** What cannot be printed makes a quoted word of it. */
function renderTold(script: string): string {
  const shown = blotText(blotKnown(script)).slice(0, MAX_TOLD);
  const quoted = quoteOnOneLine(shown);
  return `# ${quoted.startsWith("$'") ? quoted : shown}`;
}

function blotSetting(name: string, value: string): string {
  const blotted = blotText(`${name}=${blotKnown(value)}`);
  return blotted.startsWith(`${name}=`) ? blotted.slice(name.length + 1) : "***";
}

/** Of what is started with setpriv(1), so that it dies with us, the program itself. */
function nameOf({ argv }: TracedProgram): string {
  const own = argv[0] === "setpriv" ? argv[argv.indexOf("--") + 1] : argv[0];
  return quoteOnOneLine(own?.split("/").at(-1) ?? "");
}
