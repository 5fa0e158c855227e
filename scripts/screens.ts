// SPDX-License-Identifier: Apache-2.0
// npm run screens: each page of the wizard, drawn by dialog in a terminal of 80x24, as a picture below doc/wizard/.
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobEvent } from "../src/core/index.ts";
import { run } from "../src/system/index.ts";
import { type Box, DIALOG_RC, renderBox } from "../src/ui/wizard/box.ts";
import { finishBox } from "../src/ui/wizard/finish.ts";
import { Gauge } from "../src/ui/wizard/gauge.ts";
import { PAGES } from "../src/ui/wizard/pages/index.ts";
import { beginBox, changeBox, planBox } from "../src/ui/wizard/plan-pages.ts";
import { doneBox } from "../src/ui/wizard/run-job.ts";
import { withAnswers } from "../src/ui/wizard/state.ts";
import { SAMPLE_PROBLEMS, samplePreview } from "../lab/samples/plan.ts";
import { sampleReport } from "../lab/samples/report.ts";
import {
  sampleEncryptedState,
  sampleMirroredState,
  sampleSystemsState,
  sampleWizardState,
} from "../lab/samples/wizard.ts";
import { renderTerminal } from "./terminal-svg.ts";

const DIRECTORY = "doc/wizard";
const COPY: readonly JobEvent[] = [
  { type: "phase", phase: "copy", state: "begun" },
  { type: "step", phase: "copy", text: "aurora-1.img: 2 connections, zstd 3" },
];

const ssh = sampleWizardState();
const states = [
  ssh,
  withAnswers(ssh, { to: "dir:/mnt/vms" }),
  sampleMirroredState(),
  sampleEncryptedState(),
  sampleSystemsState(),
];
const report = sampleReport();
const preview = samplePreview({ problems: SAMPLE_PROBLEMS });
const [change] = report.changes;
if (change === undefined) throw new Error("The sample report has no change");

const boxes: readonly (readonly [string, Box])[] = [
  ...PAGES.map((page) => [page.name, page.box(states.find((one) => page.applies(one)) ?? ssh)] as const),
  ["plan", planBox(preview, "Next")],
  ["begin", beginBox(preview)],
  ["change", changeBox(change)],
  ["done", doneBox(report)],
  ["finish", finishBox(ssh)],
];

await mkdir(DIRECTORY, { recursive: true });
for (const name of await readdir(DIRECTORY)) if (name.endsWith(".svg")) await rm(join(DIRECTORY, name));
const temporary = await mkdtemp(join(tmpdir(), "p2v-screens-"));
try {
  const rc = join(temporary, "dialogrc");
  await writeFile(rc, DIALOG_RC);
  for (const [name, box] of boxes) await picture(name, [...renderBox(box)]);
  await picture("progress", [
    "sh",
    "-c",
    `cat "$0" - | exec dialog --ascii-lines --no-collapse --title Migration --gauge "" 22 76 0`,
    await gaugeInput(),
  ]);
  console.log(`${boxes.length + 1} pictures below ${DIRECTORY}`);

  async function picture(name: string, argv: readonly string[]): Promise<void> {
    const script = join(temporary, "page.sh");
    const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    await writeFile(script, `exec 3>/dev/null\nexport DIALOGRC=${rc}\n${quoted}\n`);
    const tmux = (...words: readonly string[]) =>
      run(["tmux", "-L", `p2v-screens-${process.pid}-${name}`, "-f", "/dev/null", ...words]);
    await tmux(
      "new-session",
      "-d",
      "-x",
      "80",
      "-y",
      "24",
      ";",
      "set",
      "-g",
      "status",
      "off",
      ";",
      "respawn-pane",
      "-k",
      "sh",
      script,
    );
    await sleep(700);
    const { stdout } = await tmux("capture-pane", "-e", "-p");
    await tmux("kill-server");
    await writeFile(join(DIRECTORY, `${name}.svg`), renderTerminal(stdout));
  }
} finally {
  await rm(temporary, { recursive: true, force: true });
}

/** 40 seconds into the copy of a disk. */
async function gaugeInput(): Promise<string> {
  let nowMs = 0;
  const gauge = new Gauge(() => nowMs);
  for (const [phase, seconds] of [
    ["overlay", 2],
    ["convert", 31],
  ] as const) {
    gauge.take({ type: "phase", phase, state: "begun" });
    nowMs += seconds * 1000;
    gauge.take({ type: "phase", phase, state: "done" });
  }
  for (const event of COPY) gauge.take(event);
  for (let second = 1; second <= 40; second += 1) {
    nowMs += 1000;
    const doneBytes = second * 96 * 2 ** 20;
    const total = { totalBytes: 182 * 2 ** 30, sentBytes: doneBytes / 2 };
    gauge.take({ type: "progress", phase: "copy", disk: "aurora-1.img", doneBytes, ...total });
  }
  const path = join(temporary, "gauge");
  await writeFile(path, gauge.render());
  return path;
}
