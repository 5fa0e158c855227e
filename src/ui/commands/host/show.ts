// SPDX-License-Identifier: Apache-2.0
// virt-p2v host show: what a host is and offers.
import { areaOf, EXIT_CODES } from "../../../core/index.ts";
import { parseHostUri } from "../../../hosts/index.ts";
import { showHost } from "../../../job/index.ts";
import { printHost, printProblems } from "../../print/index.ts";
import { type CommandRunner, sayJson, sayLines, widthOf } from "../context.ts";

export const runHostShow: CommandRunner = async (given, { signal }) => {
  const destination = parseHostUri(given.positional ?? "");
  const facts = await showHost({ destination, sshConfig: given.one("ssh-config"), signal });
  const stop = facts.problems.find(({ severity }) => severity === "stops");
  const code = stop === undefined ? 0 : EXIT_CODES[areaOf(stop)];
  if (given.flag("json")) {
    sayJson(facts);
    return code;
  }
  const columns = widthOf(process.stdout);
  sayLines(printHost(facts, { columns }));
  if (facts.problems.length > 0) sayLines(`\n${printProblems(facts.problems, { columns })}`);
  return code;
};
