// SPDX-License-Identifier: Apache-2.0
// A password for ssh that was asked before: given by SSH_ASKPASS (ssh(1)), from a file that only its owner reads.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keepSecret } from "../core/index.ts";
import { quoteWord } from "../system/index.ts";

/**
 * Writes the program that ssh starts for a password into `directory` (private, and kept while ssh may connect again), and
 * gives its path. The password is never an argument or an environment variable: both can be seen by others.
 */
export async function writeAskpass(directory: string, password: string): Promise<string> {
  keepSecret(password);
  const secret = join(directory, "password");
  const program = join(directory, "askpass");
  await writeFile(secret, `${password}\n`, { mode: 0o600 });
  await writeFile(program, `#!/bin/sh\nexec cat ${quoteWord(secret)}\n`, { mode: 0o700 });
  return program;
}

/** Words before `ssh`. Pure. */
export function askpassPrefix(askpass: string | null): readonly string[] {
  return askpass === null ? [] : ["env", `SSH_ASKPASS=${askpass}`, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0"];
}

/** One try: a wrong password is the user's to fix, and three tries of it may lock an account. Pure. */
export const ASKPASS_OPTIONS: readonly string[] = [
  "NumberOfPasswordPrompts=1",
  "PreferredAuthentications=publickey,password,keyboard-interactive",
];
