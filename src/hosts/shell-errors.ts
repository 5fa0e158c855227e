// SPDX-License-Identifier: Apache-2.0
// Errors of a host's shell that does not do what a shell does. Pure.
import { formatSeconds, UserError } from "../core/index.ts";
import { sshWords } from "./ssh-errors.ts";

/** A login shell that is none (nologin, a menu, a forced command), or whose programs do something else. */
export function noShell(title: string, what: string): UserError {
  return new UserError("host-no-shell", `The login shell of ${title} ${what}`, {
    advice:
      "It must run commands (dash, bash, busybox, fish or csh, with dd), and no forced command in their place",
  });
}

/** It went away without a word of ours. */
export function noCommand(title: string, stderr: string): UserError {
  return noShell(title, `runs no command: ${said(stderr)}`);
}

/** It began, and was gone before its end. */
export function shellEnded(title: string, stderr: string): UserError {
  return new UserError("link-lost", `The shell on ${title} ended: ${said(stderr)}`, {
    advice: "See what ended it there (its log, its memory), and run the same command again",
  });
}

export function tookLonger(title: string, timeoutMs: number): UserError {
  const text = `A command on ${title} took longer than ${formatSeconds(timeoutMs / 1000)}`;
  return new UserError("host-timeout", text, {
    advice: "See what keeps it busy there, and run the same command again",
  });
}

function said(stderr: string): string {
  const words = sshWords(stderr);
  return words === "" ? "it said nothing" : words;
}
