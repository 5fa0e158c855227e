// SPDX-License-Identifier: Apache-2.0
// virt-p2v check: does the VM boot, as it is now? The chain of boot, then the boot check.
import { brokenLinks, UserError } from "../../core/index.ts";
import { checkVm } from "../../job/index.ts";
import { verdictOf } from "../../report/index.ts";
import { chainLines } from "../print/chain.ts";
import { printProblems } from "../print/problems.ts";
import { answersOf } from "../settings/index.ts";
import { type CommandRunner, makePrinter, say, sayJson, sayLines, silent, widthOf } from "./context.ts";

export const runCheck: CommandRunner = async (given, { signal }) => {
  const [first, ...others] = given.positionals;
  if (first === undefined)
    throw new UserError("argument-missing", "virt-p2v check needs a directory or images", {
      advice: "See virt-p2v check --help",
    });
  if (first.startsWith("ssh://"))
    throw new UserError(
      "check-remote",
      `${first} is on another computer, and its images are read where they lie`,
      {
        advice: "Run virt-p2v check there, or mount its directory here (sshfs)",
      },
    );
  const json = given.flag("json");
  const printer = json ? silent : makePrinter({ json, verbose: given.flag("verbose") });
  const answers = answersOf(given, { kind: "dir", path: "/nonexistent" });
  try {
    const checked = await checkVm({ paths: [first, ...others], answers, signal, emit: printer.emit });
    printer.close();
    const { chain, boot, name, problems } = checked;
    const verdict = verdictOf(boot.outcome);
    if (json) {
      const { screenshotPng: _, ...shown } = boot;
      sayJson({ format: "check/1", ...checked, boot: shown });
    } else {
      const columns = widthOf(process.stdout);
      if (chain !== null) sayLines(`\n${chainLines(chain, columns).join("\n")}\n`);
      if (problems.length > 0) sayLines(`\n${printProblems(problems, { columns })}`);
      say(`\n${name}: ${verdict.title}\n  ${verdict.detail}`);
    }
    const isBroken = chain !== null && brokenLinks(chain).length > 0;
    if (boot.outcome.kind === "not-tried") return answers.bootCheck || isBroken ? 7 : 0; // asked for, and nobody has seen it
    return boot.outcome.kind === "not-booted" ? 7 : 0;
  } finally {
    printer.close();
  }
};
