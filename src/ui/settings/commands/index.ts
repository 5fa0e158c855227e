// SPDX-License-Identifier: Apache-2.0
// The commands, in the order of help and manual; and what their exit codes mean.
import type { Command } from "./command.ts";
import { copy } from "./copy.ts";
import { cutover } from "./cutover.ts";
import { inspect, plan, migrate } from "./migrate.ts";
import { convert } from "./convert.ts";
import { check, verify, report } from "./finished.ts";
import { hostShow, hostClean, hostDefine, hostUndefine } from "./host.ts";
import { isoBuild, isoAttach, isoPxe, isoKickstart } from "./iso.ts";
import { remote } from "./remote.ts";
import { doctor, live, wizard } from "./live.ts";
import { reportBug } from "./report-bug.ts";

export type { Command, CommandName } from "./command.ts";

export const COMMANDS: readonly Command[] = [
  inspect,
  plan,
  migrate,
  copy,
  remote,
  cutover,
  convert,
  check,
  verify,
  report,
  hostShow,
  hostClean,
  hostDefine,
  hostUndefine,
  isoBuild,
  isoAttach,
  isoPxe,
  isoKickstart,
  doctor,
  reportBug,
  live,
  wizard,
];

export const EXIT_CODE_MEANINGS: readonly (readonly [number, string])[] = [
  [0, "Done; the VM was seen to boot, or the boot check was declined."],
  [1, "A bug in virt-p2v; please report it: virt-p2v report-bug."],
  [2, "Wrong usage."],
  [3, "A problem of the source: disk, file system, installed system."],
  [4, "A problem of the host or of the link to it."],
  [5, "The destination is full or exists already."],
  [6, "The conversion cannot make the guest boot."],
  [7, "Copied and verified, but not seen to boot with its root and network as they should be."],
  [8, "Verification failed."],
  [130, "Interrupted; run the same command again to go on."],
];
