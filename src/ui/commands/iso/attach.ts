// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso attach: this program onto a finished image.
import { attachToIso } from "../../../iso/index.ts";
import { VERSION } from "../../version.ts";
import { type CommandRunner, say, sayJson } from "../context.ts";
import { givenFiles } from "./build.ts";

export const runIsoAttach: CommandRunner = async (given, { signal }) => {
  const attached = await attachToIso({
    iso: given.positional ?? "",
    out: given.one("out") ?? "",
    ...(await givenFiles(given)),
    version: VERSION,
    say: (text) => void process.stderr.write(`${text}\n`),
    signal,
  });
  if (given.flag("json")) sayJson(attached);
  else say(attached.path);
  return 0;
};
