// SPDX-License-Identifier: Apache-2.0
// virt-p2v host clean: removes the agent from a host.
import { formatBytes, UserError } from "../../../core/index.ts";
import { cleanHost, parseDestination } from "../../../hosts/index.ts";
import { type CommandRunner, say, sayJson } from "../context.ts";

export const runHostClean: CommandRunner = async (given, { signal }) => {
  const destination = parseDestination(given.positional ?? "");
  if (destination.kind === "dir")
    throw new UserError("host-wrong", "Nothing was brought to this machine", {
      advice: "Name the host as for --to: ssh://[user@]host[:port]/path; the path does not matter",
    });
  const cleaned = await cleanHost({ destination, sshConfig: given.one("ssh-config"), signal });
  if (given.flag("json")) sayJson(cleaned);
  else if (cleaned.removed.length === 0) say(`${cleaned.host}: there is nothing to remove`);
  else
    for (const { file, sizeBytes } of cleaned.removed)
      say(`${cleaned.host}: removed ${cleaned.directory}/${file} (${formatBytes(sizeBytes)})`);
  return 0;
};
