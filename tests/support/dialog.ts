// SPDX-License-Identifier: Apache-2.0
// Talks to a program on its stdin and stdout: says something when it has heard something.
import { spawn } from "node:child_process";
import { endTree } from "../../lab/processes.ts";

export type Line = { readonly hear: RegExp; readonly say: string };

/** What colours text and moves the cursor (ECMA-48, 5.4). */
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** What the program printed since the last thing said, once it matches `until`. */
export async function dialog(
  argv: readonly string[],
  { lines, until, timeoutMs }: { lines: readonly Line[]; until: RegExp; timeoutMs: number },
): Promise<string> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  let heard = "";
  child.stdout.on(
    "data",
    (part: Buffer) => (heard = (heard + part.toString("latin1")).replaceAll(ESCAPES, "")),
  );
  const rest = [...lines];
  const end = performance.now() + timeoutMs;
  try {
    for (;;) {
      const next = rest[0];
      if (next === undefined && until.test(heard)) return heard;
      if (next?.hear.test(heard) === true) {
        heard = "";
        rest.shift();
        child.stdin.write(next.say);
      }
      if (performance.now() > end || child.exitCode !== null)
        throw new Error(
          `Waited in vain for ${next?.hear ?? until}; heard ${JSON.stringify(heard.slice(-2000))}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await endTree(child);
  }
}
