// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso pxe: a directory to boot from over the network.
import { writePxeTree } from "../../../iso/index.ts";
import { type CommandRunner, say, sayJson } from "../context.ts";

export const runIsoPxe: CommandRunner = async (given, { signal }) => {
  const files = await writePxeTree({
    iso: given.positional ?? "",
    out: given.one("out") ?? "",
    http: given.one("http"),
    say: (text) => void process.stderr.write(`${text}\n`),
    signal,
  });
  if (given.flag("json")) sayJson({ files });
  else for (const file of files) say(file);
  return 0;
};
