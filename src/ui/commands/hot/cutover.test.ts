// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answersFor,
  findCommand,
  liveSettings,
  parseAnswerFile,
  parseCommandLine,
  renderAnswers,
} from "../../settings/index.ts";
import { answersFrom } from "./cutover.ts";

const BIOS = { firmware: { kind: "known", value: { kind: "bios" } } } as const;
const given = (...words: string[]) =>
  parseCommandLine(findCommand("cutover"), [
    "--iso",
    "a.iso",
    "--disk",
    "/dev/sda",
    "--to",
    "ssh://h/srv",
    ...words,
  ]);
const HERE = { serial: null, uuid: null, macs: [], hostname: null };

test("the live system gets what was said here, but for what the server's note says: disks, name, place and key", () => {
  const answers = answersFrom(
    given(
      "--name",
      "web",
      "--identity",
      "k",
      "--format",
      "qcow2",
      "--network",
      "br0",
      "--update",
      "--yes",
      "--dry-run",
    ),
    BIOS,
  );
  assert.deepEqual(Object.fromEntries(answers), {
    format: ["qcow2"],
    network: ["br0"],
    update: ["true"],
    onfail: ["local"],
    firmware: ["bios"],
  });
});

test("a failure starts the server's own system, unless something else is asked for; the live system reads it so", () => {
  const read = (...words: string[]) => {
    const text = renderAnswers(answersFrom(given(...words), BIOS));
    return liveSettings("p2v.unattended", answersFor(parseAnswerFile(text, "f"), HERE, "f"));
  };
  assert.equal(read().onfail, "local");
  assert.equal(read().post, "none");
  assert.equal(read("--onfail", "wait", "--post", "poweroff").onfail, "wait");
  assert.equal(read("--onfail", "wait", "--post", "poweroff").post, "poweroff");
});

test("the firmware is told, since a kernel that another one started may not see it", () => {
  const uefi = { kind: "uefi", secureBoot: false, bootEntries: [] } as const;
  const firmware = (more: string[], value: typeof uefi): unknown =>
    answersFrom(given(...more), { firmware: { kind: "known", value } }).get("firmware");
  assert.deepEqual(firmware([], uefi), ["uefi"]);
  assert.deepEqual(firmware(["--firmware", "bios"], uefi), ["bios"]);
  assert.equal(answersFrom(given(), { firmware: { kind: "unknown", why: "x" } }).get("firmware"), undefined);
});
