// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso build: the live CD.
import { buildIso } from "../../iso/index.ts";
import { readBounded } from "../../system/index.ts";
import { parseAnswerFile } from "../settings/index.ts";
import { type CommandRunner, say, sayJson } from "./context.ts";

export const runIsoBuild: CommandRunner = async (given, { signal }) => {
  const json = given.flag("json");
  const answers = given.one("config");
  // A mistake is better told here than at a server's console; that the file is not there is told by the build.
  const text = answers === null ? null : ((await readBounded(answers))?.toString("utf8") ?? null);
  if (answers !== null && text !== null) parseAnswerFile(text, answers);
  const built = await buildIso({
    out: given.one("out") ?? "virt-p2v.iso",
    sshKey: given.one("ssh-key"),
    answers,
    extras: given.one("extras"),
    packages: given.many("package"),
    suite: given.one("suite") ?? "trixie",
    say: (text) => void process.stderr.write(`${text}\n`),
    signal,
  });
  if (json) sayJson(built);
  else say(built.path);
  return 0;
};
