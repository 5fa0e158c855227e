// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import { renderError, renderErrorJson } from "./error.ts";

test("an error for people says what and what to do; a bug says all that lies behind it", () => {
  const told = new UserError("host-timeout", "It is away\u001b[2J", { advice: "Wait" });
  assert.equal(renderError(told), "virt-p2v: It is away?[2J\n  Wait [host-timeout]\n");
  const first = new Error("the copy broke", { cause: new Error("the line was cut") });
  const both = new SuppressedError(new Error("the mount is busy"), first, "while it was put away");
  const text = renderError(both);
  for (const words of ["the copy broke", "the line was cut", "the mount is busy"])
    assert.match(text, new RegExp(`because: ${words}\n`));
});

test("with --json an error is one line, with its code and exit code", () => {
  const text = renderErrorJson(new UserError("host-timeout", "It is away", { advice: "Wait" }));
  assert.deepEqual(JSON.parse(text), {
    type: "error",
    code: "host-timeout",
    area: "host",
    exitCode: 4,
    text: "It is away",
    advice: "Wait",
  });
  assert.equal(text.trimEnd().split("\n").length, 1);
});
