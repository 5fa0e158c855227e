// SPDX-License-Identifier: Apache-2.0
// This program on a server, started by virt-p2v remote: the end of its connection, or the keeper of a job.
import { FAR_END_WORD, keepJob, KEEPER_WORD, parseRequest, serveFarEnd } from "../src/remote/index.ts";

/** Nobody types these words: null for all others. */
export async function runRemoteSide(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? ""];
  const portable = process.env["P2V_PORTABLE"] ?? "";
  const self = portable === "" ? program : [portable]; // as a person would start it
  const [word, directory = "", request = ""] = args;
  if (word === FAR_END_WORD) {
    const keeper = [...program, KEEPER_WORD];
    const { stdin, stdout } = process;
    return (await serveFarEnd({ stdin, stdout, keeper, signal })) ? 0 : 2;
  }
  if (word !== KEEPER_WORD) return null;
  await keepJob({ directory, request: parseRequest(request), self, signal });
  return 0;
}
