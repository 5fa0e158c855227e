// SPDX-License-Identifier: Apache-2.0
// virt-p2v report: report.html made again from report.json.
import { join } from "node:path";
import { type Report, UserError } from "../../core/index.ts";
import { renderReport } from "../../report/index.ts";
import { readBounded, replaceFile } from "../../system/index.ts";
import { type CommandRunner, say, sayJson } from "./context.ts";

const MAX_REPORT_BYTES = 256 * 2 ** 20;

async function readReport(directory: string): Promise<Report> {
  const path = join(directory, "report.json");
  const bytes = await readBounded(path, { maxBytes: MAX_REPORT_BYTES });
  if (bytes === null)
    throw new UserError("report-missing", `There is no ${path}`, {
      advice: "Name the directory of a migrated VM",
    });
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof value === "object" && value !== null && "format" in value && value.format === "report/1")
      return value as Report;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UserError("report-wrong", `${path} is not a report of this version`, {
    advice: "Use the version of virt-p2v that wrote it, or a newer one",
  });
}

export const runReport: CommandRunner = async (given) => {
  const directory = given.positional ?? ".";
  const report = await readReport(directory);
  if (given.flag("json")) {
    sayJson(report);
    return 0;
  }
  const screenshotPng = await readBounded(join(directory, "boot.png"), { maxBytes: 16 * 2 ** 20 });
  const path = join(directory, "report.html");
  await replaceFile(path, renderReport(report, { screenshotPng }));
  say(path);
  return 0;
};
