// SPDX-License-Identifier: Apache-2.0
// commands: one file each, in one visible list.
import type { CommandName } from "../settings/index.ts";
import type { CommandRunner } from "./context.ts";
import { runHostDefine } from "./host/define.ts";
import { runHostShow } from "./host/show.ts";
import { runCheck } from "./check.ts";
import { runCopy } from "./hot/copy.ts";
import { runCutover } from "./hot/cutover.ts";
import { runConvert } from "./convert.ts";
import { runDoctor } from "./doctor.ts";
import { runHostClean } from "./host/clean.ts";
import { runHostUndefine } from "./host/undefine.ts";
import { runInspect } from "./inspect.ts";
import { runIsoAttach } from "./iso/attach.ts";
import { runIsoBuild } from "./iso/build.ts";
import { runIsoKickstart } from "./iso/kickstart.ts";
import { runIsoPxe } from "./iso/pxe.ts";
import { runLive } from "./live/live.ts";
import { runMigrate } from "./migrate.ts";
import { runPlan } from "./plan.ts";
import { runRemoteCommand } from "./remote.ts";
import { runReport } from "./report.ts";
import { runReportBug } from "./report-bug.ts";
import { runVerify } from "./verify.ts";
import { runWizardCommand } from "./wizard.ts";

export const COMMAND_RUNNERS: Readonly<Record<CommandName, CommandRunner>> = {
  inspect: runInspect,
  plan: runPlan,
  migrate: runMigrate,
  copy: runCopy,
  remote: runRemoteCommand,
  cutover: runCutover,
  convert: runConvert,
  check: runCheck,
  verify: runVerify,
  report: runReport,
  "host show": runHostShow,
  "host define": runHostDefine,
  "host clean": runHostClean,
  "host undefine": runHostUndefine,
  "iso build": runIsoBuild,
  "iso attach": runIsoAttach,
  "iso pxe": runIsoPxe,
  "iso kickstart": runIsoKickstart,
  doctor: runDoctor,
  "report-bug": runReportBug,
  live: runLive,
  wizard: runWizardCommand,
};
