// SPDX-License-Identifier: Apache-2.0
// Answer files as a user meets them: the example of doc/live-cd.md is right, and iso build refuses a wrong file before it builds.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/system/index.ts";
import { parseAnswerFile } from "../../../src/ui/index.ts";
import { PROGRAM } from "../../support/cli.ts";
import { temporary } from "../../support/temporary.ts";

test("the answer file in the live CD's page is understood", async () => {
  const [, yaml = ""] = /```yaml\n([^]*?)```/.exec(await readFile("doc/live-cd.md", "utf8")) ?? [];
  assert.equal(parseAnswerFile(yaml, "doc/live-cd.md").machines?.length, 2);
});

test("iso build refuses a wrong answer file, by its line, before it builds", async (t) => {
  const directory = await temporary(t);
  const answers = join(directory, "answers.yaml");
  await writeFile(answers, "defaults:\n  nmae: web\n");
  const out = join(directory, "out.iso");
  const argv = [PROGRAM, "iso", "build", "--config", answers, "--out", out];
  const { stderr, code } = await run(argv, { allowCodes: [2], timeoutMs: 60_000 });
  assert.equal(code, 2);
  assert.match(stderr, /line 2: there is no setting "nmae"/);
});

test("the live job takes its settings from the file that the kernel command line names", async (t) => {
  const directory = await temporary(t);
  const answers = join(directory, "answers.yaml");
  const cmdline = join(directory, "cmdline");
  // Ends at the disk that is not there: what matters is what it was asked to migrate.
  await writeFile(
    answers,
    `defaults: { to: "dir:${directory}/vms", disk: ${directory}/none.img, name: file, format: qcow2 }\n`,
  );
  await writeFile(cmdline, `quiet p2v.unattended p2v.name=line p2v.config=${answers}\n`);
  const live = await run([PROGRAM, "live", "--cmdline", cmdline], {
    allowCodes: [2, 3],
    timeoutMs: 60_000,
  });
  const words = `--to=dir:${directory}/vms --disk=${directory}/none.img --format=qcow2 --name line --yes`;
  assert.ok(live.stdout.includes(`virt-p2v migrate ${words}\n`), live.stdout);
  assert.match(live.stdout, /FAILED/);

  await writeFile(answers, "machines: [{ match: { serial: of another }, name: x }]\n");
  const stranger = await run([PROGRAM, "live", "--cmdline", cmdline], {
    allowCodes: [2],
    timeoutMs: 60_000,
  });
  assert.match(stranger.stdout, /no machine that matches this one\n\s+serial: /);
  assert.ok(!stranger.stdout.includes("virt-p2v migrate"));
});
