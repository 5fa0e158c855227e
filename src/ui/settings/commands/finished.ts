// SPDX-License-Identifier: Apache-2.0
// Commands for a VM that was migrated.
import type { Command } from "./command.ts";

export const verify: Command = {
  name: "verify",
  summary: "Read a VM's images again and check them against the manifest",
  description: [
    "Reads every image in DIR and compares each segment with the SHA-256 that was recorded when it was copied.",
  ],
  positional: { name: "DIR", help: "Directory of a migrated VM, with manifest.json in it." },
  settings: ["full", "json", "trace", "help"],
  required: [],
  examples: [["virt-p2v verify vms/server", "any time after the migration"]],
};

export const report: Command = {
  name: "report",
  summary: "Write report.html again from report.json",
  description: ["The report is data first: report.json has all of it, report.html is made from it."],
  positional: { name: "DIR", help: "Directory of a migrated VM, with report.json in it." },
  settings: ["json", "trace", "help"],
  required: [],
  examples: [["virt-p2v report vms/server", "after an update of virt-p2v"]],
};
