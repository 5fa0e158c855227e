// SPDX-License-Identifier: Apache-2.0
// A plan as a person reads it, and the screenful of it that stands before the question.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SAMPLE_PROBLEMS, samplePreview } from "../../../lab/samples/plan.ts";
import { checkGolden } from "../../../tests/support/golden.ts";
import { check } from "../../../tests/support/laws.ts";
import { makeProblem, type Problem, type Severity } from "../../core/index.ts";
import { columnsOf } from "../text/columns.ts";
import { printBriefPlan } from "./brief-plan.ts";
import { printPlan } from "./plan.ts";

const DESTINATION = "/srv/vms/aurora";
const preview = samplePreview({ problems: SAMPLE_PROBLEMS });

test("a plan ends with summary, problems and what they come to; diffs are there when asked for", async () => {
  const to = { destination: DESTINATION, columns: 80 };
  await checkGolden("print/plan.txt", printPlan(preview, { ...to, diffs: false }));
  await checkGolden("print/plan-diffs.txt", printPlan(preview, { ...to, diffs: true }));
  const unbroken = printPlan(preview, { ...to, columns: Number.POSITIVE_INFINITY, diffs: false });
  const [note] = SAMPLE_PROBLEMS;
  assert.ok(unbroken.split("\n").includes(`NOTE: ${note?.text}`));
});

const CODES = ["mount-not-found", "step-offered", "grub-install-device", "host-memory"] as const;

const many = (severity: Severity, count: number): readonly Problem[] =>
  Array.from({ length: count }, (_, n) =>
    makeProblem(CODES[n % CODES.length] ?? "step-offered", {
      about: [],
      severity,
      text: `Problem ${n} of those that are of this kind, in more words than one line of a terminal takes`,
      advice: "Do what is right",
    }),
  );

test("before the question stands what fits on the screen; the rest is counted and named", async () => {
  const brief = (problems: readonly Problem[]): string =>
    printBriefPlan(samplePreview({ problems }), { destination: DESTINATION, columns: 80, rows: 23 });
  await checkGolden("print/plan-brief.txt", `${brief(SAMPLE_PROBLEMS)}\n`);
  await checkGolden("print/plan-brief-many.txt", `${brief([...many("notes", 9), ...many("warns", 4)])}\n`);
});

test("however many disks, cards and problems there are, the screenful is one, and no problem is left out", (t) =>
  check(
    t,
    fc.property(
      fc.record({
        warns: fc.nat(12),
        notes: fc.nat(30),
        disks: fc.nat(20),
        nics: fc.nat(20),
        rows: fc.integer({ min: 9, max: 60 }),
        columns: fc.integer({ min: 40, max: 160 }),
      }),
      ({ warns, notes, disks, nics, rows, columns }) => {
        const base = samplePreview({ problems: [...many("warns", warns), ...many("notes", notes)] });
        const text = printBriefPlan(
          {
            ...base,
            disks: Array.from({ length: disks }, (_, n) => ({
              number: n + 1,
              path: `/dev/sd${n}`,
              sizeBytes: 1e9,
              usedBytes: 1e6,
            })),
            intent: {
              ...base.intent,
              nics: Array.from({ length: nics }, (_, n) => ({
                name: `eth${n}`,
                mac: "52:54:00:00:00:01",
                origin: "guest" as const,
              })),
            },
          },
          { destination: DESTINATION, columns, rows },
        );
        const lines = text.split("\n");
        assert.ok(lines.length <= rows, `${lines.length} of ${rows} lines`);
        for (const line of lines) assert.ok(columnsOf(line) <= columns, line);
        const rest =
          /Not shown here: ((?:\d+ (?:warnings?|notes?)(?:, )?)+) \(/.exec(text.replaceAll("\n", " "))?.[1] ??
          "";
        const counted = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(rest)?.[1] ?? 0);
        assert.equal(text.split("WARNING: ").length - 1 + counted("warning"), warns);
        assert.equal(text.split("NOTE: ").length - 1 + counted("note"), notes);
      },
    ),
  ));
