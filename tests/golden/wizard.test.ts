// SPDX-License-Identifier: Apache-2.0
// Each page of the wizard as it was reviewed. P2V_UPDATE_GOLDEN=1 writes them anew.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { type Box, TEXT_COLUMNS } from "../../src/ui/wizard/box.ts";
import { finishBox } from "../../src/ui/wizard/finish.ts";
import { PAGES } from "../../src/ui/wizard/pages/index.ts";
import { beginBox, planBox } from "../../src/ui/wizard/plan-pages.ts";
import { withAnswers } from "../../src/ui/wizard/state.ts";
import { SAMPLE_PROBLEMS, samplePreview } from "../../lab/samples/plan.ts";
import {
  sampleEncryptedState,
  sampleMirroredState,
  sampleSystemsState,
  sampleWizardState,
} from "../../lab/samples/wizard.ts";

const SSH = sampleWizardState();
const PREVIEW = samplePreview({ problems: SAMPLE_PROBLEMS });
const MIRRORED = sampleMirroredState();
const ENCRYPTED = sampleEncryptedState();
const SYSTEMS = sampleSystemsState();
const DIRECTORY = withAnswers(SSH, { to: "dir:/mnt/vms" });

function printBox(box: Box): string {
  const lines = [`[${box.title}]`, box.text, ""];
  if (box.kind === "menu")
    lines.push(...box.items.map(({ tag, label }) => `${tag === box.chosen ? ">" : " "} ${tag}  ${label}`));
  if (box.kind === "checklist")
    lines.push(...box.items.map(({ tag, label, on }) => `[${on === true ? "x" : " "}] ${tag}  ${label}`));
  if (box.kind === "form")
    lines.push(
      ...box.fields.map(
        ({ label, value, secret }) => `${label}: ${value}${secret === true ? " (hidden)" : ""}`,
      ),
    );
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

const boxes: readonly (readonly [string, Box, string])[] = [
  ...PAGES.map((page) => {
    const state = [SSH, DIRECTORY, MIRRORED, ENCRYPTED, SYSTEMS].find((one) => page.applies(one)) ?? SSH;
    return [page.name, page.box(state), page.help] as const;
  }),
  ["plan", planBox(PREVIEW, "Next"), ""],
  ["begin", beginBox(PREVIEW), ""],
  ["finish", finishBox(SSH), ""],
];

for (const [name, box, help] of boxes)
  test(`the page ${name} is as reviewed, and fits`, async () => {
    const text = `${printBox(box)}${help === "" ? "" : `\n[Help]\n${help}\n`}`;
    const file = new URL(`wizard/${name}.txt`, import.meta.url);
    if (process.env["P2V_UPDATE_GOLDEN"] === "1") await writeFile(file, text);
    assert.equal(text, await readFile(file, "utf8"));
    for (const line of box.text.split("\n")) assert.ok(line.length <= TEXT_COLUMNS, line);
    assert.match(text, /^[\n\x20-\x7e]*$/);
  });
