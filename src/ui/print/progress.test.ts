// SPDX-License-Identifier: Apache-2.0
// What a terminal shows of a job, and what a file gets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TerminalScreen } from "../../../tests/support/vms/terminal-screen.ts";
import { type JobEvent, makeProblem } from "../../core/index.ts";
import { textPrinter } from "./progress.ts";

const STEP =
  "Pins the names of network interfaces to their MAC addresses, so that the network configuration still fits";

/** What is on the screen after each event, and then in the end; and all that was written. */
function show(
  events: readonly JobEvent[],
  { isTerminal, columns = 80, verbose = false }: { isTerminal: boolean; columns?: number; verbose?: boolean },
): { screens: readonly string[]; end: string; written: string } {
  const screen = new TerminalScreen();
  let written = "";
  let nowMs = 0;
  const write = (text: string): void => {
    written += text;
    screen.write(text.replaceAll("\n", "\r\n"));
  };
  const text = (): string => screen.text().replaceAll(/ +$/gm, "").trimEnd();
  const width = isTerminal ? columns : Number.POSITIVE_INFINITY;
  const printer = textPrinter({ write, isTerminal, columns: width, verbose }, () => nowMs);
  const screens = events.map((event) => {
    nowMs += 1000;
    printer.emit(event);
    return text();
  });
  printer.close();
  return { screens, end: text(), written };
}

const LOOKING: readonly JobEvent[] = [
  { type: "step", phase: "plan", text: STEP },
  { type: "step", phase: "plan", text: "Opens kernels" },
];

test("steps that lead to a plan are one line of a terminal, written over and wiped; nothing elsewhere", () => {
  const { screens, end } = show(LOOKING, { isTerminal: true });
  assert.equal(
    screens[0],
    `  ${STEP}`.slice(0, 76) + "...",
    "79 columns: in the 80th a terminal may break the line",
  );
  assert.deepEqual(screens[1], "  Opens kernels ...");
  assert.equal(end, "");
  assert.equal(show(LOOKING, { isTerminal: false }).written, "");
});

test("with --verbose each step stays, broken at words on a terminal", () => {
  assert.equal(show(LOOKING, { isTerminal: false, verbose: true }).written, `  ${STEP}\n  Opens kernels\n`);
  assert.equal(
    show(LOOKING, { isTerminal: true, verbose: true }).end,
    "  Pins the names of network interfaces to their MAC addresses, so that the\n    network configuration still fits\n  Opens kernels",
  );
});

const COPY: readonly JobEvent[] = [
  { type: "phase", phase: "copy", state: "begun" },
  { type: "progress", phase: "copy", disk: "1", doneBytes: 2 ** 30, totalBytes: 2 ** 32, sentBytes: 1 },
  { type: "phase", phase: "copy", state: "done" },
  { type: "phase", phase: "define", state: "begun" },
  { type: "step", phase: "define", text: "web is defined on kvm1" },
  { type: "phase", phase: "define", state: "done" },
];

test("a phase is a line when it is done; what happens in it stays below its title", () => {
  const { screens, end } = show(COPY, { isTerminal: true });
  assert.equal(screens[0], "Copying used blocks ...");
  assert.match(screens[1] ?? "", /^ {2}disk 1 25 %: 1\.0 GiB of 4\.0 GiB verified$/);
  assert.equal(
    end,
    "Copying used blocks: done in 2 s\nWriting definitions\n  web is defined on kvm1\n  done in 2 s",
  );
});

test("in a file each phase begins and ends with a line", () => {
  assert.equal(
    show(COPY, { isTerminal: false }).written,
    [
      "Copying used blocks",
      "  disk 1 25 %: 1.0 GiB of 4.0 GiB verified",
      "  disk 1 25 %: 1.0 GiB of 4.0 GiB verified",
      "  done in 2 s",
      "Writing definitions",
      "  web is defined on kvm1",
      "  done in 2 s",
      "",
    ].join("\n"),
  );
});

test("a problem is reported at once, wherever it happens", () => {
  const advice = "Look at the VM's screen; its console is in console.log, and the report says what was seen";
  const problem = makeProblem("source-changed", {
    about: [],
    text: "Nobody has seen it boot yet",
    advice,
    severity: "warns",
  });
  const { end } = show(
    [
      { type: "phase", phase: "plan", state: "begun" },
      { type: "problem", problem },
    ],
    {
      isTerminal: true,
      columns: 60,
    },
  );
  assert.equal(
    end,
    [
      "Plan",
      "  Warning: Nobody has seen it boot yet",
      "    Look at the VM's screen; its console is in console.log,",
      "      and the report says what was seen",
    ].join("\n"),
  );
});

test("a wide character counts as two columns, and no line runs over", () => {
  const { screens } = show([{ type: "step", phase: "plan", text: "漢".repeat(50) }], { isTerminal: true });
  assert.equal(screens[0]?.split("\n").length, 1);
});
