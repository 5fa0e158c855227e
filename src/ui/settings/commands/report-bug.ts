// SPDX-License-Identifier: Apache-2.0
// The command that makes a bug report.
import type { Command } from "./command.ts";

export const reportBug: Command = {
  name: "report-bug",
  summary: "Make one archive for a bug report, without secrets",
  description: [
    "Takes the versions, what doctor shows, the last run that made a plan or failed (its command, error, plan and trace), what inspect --collector takes of this computer, and the lines of the kernel's log about disks; with DIR also report.json and console.log of a migrated VM. It says what it takes and where it goes, and asks. Nothing is sent anywhere.",
    "No key, shadow file or home directory is read, and what looks like a password, key or token is replaced by ***. Names, addresses and serial numbers stay, since storage and networks are not understood without them: look at the archive before you send it.",
    "--trace and --plan name files of another run to take along: what its --trace wrote, and what plan --save or plan --json gave.",
  ],
  positional: {
    name: "DIR",
    help: "Directory of a migrated VM, with report.json or console.log in it.",
    optional: true,
  },
  settings: ["plan", "trace", "out", "sysroot", "yes", "json", "help"],
  required: [],
  examples: [
    ["virt-p2v report-bug", "after a run that failed"],
    ["virt-p2v report-bug --trace run.trace vms/web", "with the trace of a run, and a VM that did not boot"],
  ],
};
