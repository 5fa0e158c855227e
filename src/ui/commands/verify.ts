// SPDX-License-Identifier: Apache-2.0
// virt-p2v verify: reads the images of a migrated VM again.
import { verificationError } from "../../copy/index.ts";
import { verifyVm } from "../../job/index.ts";
import { type CommandRunner, makePrinter, say, sayJson, silent } from "./context.ts";

export const runVerify: CommandRunner = async (given, { signal }) => {
  const json = given.flag("json");
  const printer = json ? silent : makePrinter({ json });
  const checks = await verifyVm(given.positional ?? ".", {
    full: given.flag("full"),
    emit: printer.emit,
    signal,
  });
  printer.close();
  if (json) sayJson(checks);
  else
    for (const { file, differing, sha256 } of checks) {
      say(`${file}: ${differing.length === 0 ? "every segment is as it was copied" : "DIFFERS"}`);
      if (sha256 !== null) say(`  SHA-256 ${sha256}`);
    }
  const error = verificationError(checks);
  if (error !== null) throw error;
  return 0;
};
