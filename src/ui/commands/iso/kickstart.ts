// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso kickstart: the live system for livecd-creator.
import { writeKickstart } from "../../../iso/index.ts";
import { VERSION } from "../../version.ts";
import { type CommandRunner, say, sayJson } from "../context.ts";
import { givenFiles } from "./build.ts";

export const runIsoKickstart: CommandRunner = async (given, { signal }) => {
  const files = await writeKickstart({
    out: given.one("out") ?? "",
    ...(await givenFiles(given)),
    version: VERSION,
    say: (text) => void process.stderr.write(`${text}\n`),
    signal,
  });
  if (given.flag("json")) sayJson({ files });
  else for (const file of files) say(file);
  return 0;
};
