// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../core/index.ts";
import { findCommand, liveSettings, parseCommandLine } from "../../settings/index.ts";
import { ownWords } from "./live.ts";

const given = (...args: readonly string[]) => parseCommandLine(findCommand("live"), args);

test("what is given by hand is read as if it stood on the kernel command line, and above it", () => {
  const own = ownWords(given("--unattended", "--config", "/a file.yaml", "--post", "poweroff"));
  const { unattended, config, post } = liveSettings(`quiet p2v.post=none ${own}`);
  assert.deepEqual(
    { unattended, config, post },
    { unattended: true, config: "/a file.yaml", post: "poweroff" },
  );
  assert.equal(ownWords(given()), "");
  assert.throws(() => ownWords(given("--config", 'a"b')), UserError);
});
