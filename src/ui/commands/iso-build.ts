// SPDX-License-Identifier: Apache-2.0
// virt-p2v iso build: the live CD.
import { buildIso } from "../../iso/index.ts";
import { type CommandRunner, say, sayJson } from "./context.ts";

export const runIsoBuild: CommandRunner = async (given, { signal }) => {
  const json = given.flag("json");
  const built = await buildIso({
    out: given.one("out") ?? "virt-p2v.iso",
    sshKey: given.one("ssh-key"),
    answers: given.one("config"),
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
