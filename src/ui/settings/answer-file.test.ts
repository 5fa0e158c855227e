// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import {
  answerArguments,
  answersFor,
  asksForHostname,
  type MachineIdentifiers,
  parseAnswerFile,
  renderAnswersSchema,
} from "./index.ts";

const HERE: MachineIdentifiers = {
  serial: "ABC123",
  uuid: "4C4C4544-0000-1111-2222-333344445555",
  macs: ["52:54:00:12:34:56", "52:54:00:12:34:57"],
  hostname: null,
};
const FLEET = `defaults:
  to: ssh://root@host/vms
  format: qcow2
  replace: true
machines:
  - match: { serial: other }
    name: db
  - match:
      mac: 52:54:00:12:34:57
      uuid: 4c4c4544-0000-1111-2222-333344445555
    name: web
    disk: [/dev/sda, /dev/sdb]
    vcpus: 04
    replace: false
    post: poweroff
`;

test("the machine's own answers stand above the defaults", () => {
  const answers = answersFor(parseAnswerFile(FLEET, "f"), HERE, "f");
  assert.deepEqual(answers.get("post"), ["poweroff"]);
  assert.deepEqual(answerArguments(answers, new Set()), [
    "--to=ssh://root@host/vms",
    "--format=qcow2",
    "--name=web",
    "--disk=/dev/sda",
    "--disk=/dev/sdb",
    "--vcpus=04",
  ]);
  assert.equal(answerArguments(answers, new Set(["disk", "name"])).length, 3);
});

test("a machine is known by the name of its installed system, when a file asks for it", () => {
  const file = parseAnswerFile("machines: [{ match: { hostname: Aurora }, name: web }]\n", "f");
  assert.ok(asksForHostname(file));
  assert.ok(!asksForHostname(parseAnswerFile(FLEET, "f")));
  assert.deepEqual(answersFor(file, { ...HERE, hostname: "aurora" }, "f").get("name"), ["web"]);
  assert.throws(
    () => answersFor(file, { ...HERE, hostname: "birch" }, "f"),
    (error) => error instanceof UserError && /hostname: birch/.test(error.message),
  );
});

test("a file without machines serves every machine", () => {
  const answers = answersFor(parseAnswerFile("defaults: {name: -x}\n", "f"), HERE, "f");
  assert.deepEqual(answerArguments(answers, new Set()), ["--name=-x"]);
});

test("every wrong key and value is named with its line", () => {
  const text = `defaults:
  nmae: web
  replace: perhaps
  to: [a, b]
  unattended: true
machines:
  - name: db
  - match: {colour: red, serial: x}
    disk: {a: b}
extra: 1
`;
  assert.throws(
    () => parseAnswerFile(text, "a.yaml"),
    (error) => {
      assert.ok(error instanceof UserError);
      const lines = [...error.message.matchAll(/line (\d+): /g)].map(([, line]) => Number(line));
      assert.deepEqual(lines, [2, 3, 4, 5, 7, 8, 9, 10]);
      assert.match(error.message, /line 2: there is no setting "nmae"/);
      return true;
    },
  );
});

test("what is not a YAML, no map, or has a key twice is named with its line", () => {
  for (const [text, line] of [
    ["defaults:\n  name: [", 2],
    ["- a\n", 1],
    ["defaults:\n  name: a\n  name: b\n", 3],
    ["machines: web\n", 1],
  ] as const)
    assert.throws(
      () => parseAnswerFile(text, "a.yaml"),
      (error) => error instanceof UserError && error.message.includes(`line ${line}: `),
      text,
    );
});

test("no match, or two, stops and prints what this machine is known by", () => {
  for (const [entries, code] of [
    ["  - match: {serial: no}\n", "machine-unknown"],
    ["  - match: {uuid: no}\n    name: a\n", "machine-unknown"],
    ["  - match: {serial: abc123}\n  - match: {mac: 52:54:00:12:34:56}\n", "machine-twice"],
  ] as const)
    assert.throws(
      () => answersFor(parseAnswerFile(`machines:\n${entries}`, "f"), HERE, "f"),
      (error) =>
        error instanceof UserError && error.code === code && error.message.includes("mac: 52:54:00:12:34:57"),
      entries,
    );
});

test("the published schema is that of the settings table", () => {
  const file = new URL("../../../doc/answers.schema.json", import.meta.url);
  assert.equal(readFileSync(file, "utf8"), renderAnswersSchema(), "run npm run man");
});
