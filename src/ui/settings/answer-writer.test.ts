// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnswerFile } from "./answer-file.ts";
import { renderAnswers } from "./answer-writer.ts";
import type { SettingName } from "./table.ts";

test("an answer file that was written reads as the same answers", () => {
  const answers = new Map<SettingName, readonly string[]>([
    ["to", ["ssh://root@[fe80::1]:2222/a b/#c: d"]],
    ["name", ["010"]],
    ["memory", ["2G"]],
    ["vcpus", ["4"]],
    ["disk", ["/dev/sda", "/dev/sdb"]],
    ["network", ["br0"]],
    ["update", ["true"]],
    ["host-key", ["SHA256:yes"]],
    ["identity", ["http://10.0.2.2/key"]],
  ]);
  const { defaults, machines } = parseAnswerFile(renderAnswers(answers), "kept");
  assert.equal(machines, null);
  assert.deepEqual(
    [...defaults].toSorted(([a], [b]) => a.localeCompare(b)),
    [...answers].toSorted(([a], [b]) => a.localeCompare(b)),
  );
  assert.deepEqual(parseAnswerFile(renderAnswers(new Map()), "none").defaults, new Map());
});
