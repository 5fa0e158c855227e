// SPDX-License-Identifier: Apache-2.0
// virt-p2v host show: what a host is and offers.
import { parseHostUri } from "../../../hosts/index.ts";
import { showHost } from "../../../job/index.ts";
import { printHost, printProblems } from "../../print/index.ts";
import { type CommandRunner, say, sayJson } from "../context.ts";

export const runHostShow: CommandRunner = async (given, { signal }) => {
  const destination = parseHostUri(given.positional ?? "");
  const facts = await showHost({ destination, sshConfig: given.one("ssh-config"), signal });
  if (given.flag("json")) {
    sayJson(facts);
    return 0;
  }
  say(printHost(facts));
  if (facts.problems.length > 0) say(`\n${printProblems(facts.problems)}`);
  return 0;
};
