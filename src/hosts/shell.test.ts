// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../core/index.ts";
import { BOOTSTRAP, runScript, type Transport } from "./shell.ts";

/** A login "shell" that does this with what it is given. */
const login = (command: string): Transport => ({
  title: "mia@host",
  isRemote: false,
  argv: () => ["sh", "-c", command],
  paste: (script) => ["sh", "-c", script],
  explain: () => null,
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

const cases = {
  "is nologin": [login("echo This account is currently not available. >&2; exit 1"), "true", "host-no-shell"],
  "prints without end": [login("exec yes welcome"), "true", "host-no-shell"],
  "answers without end": [login(BOOTSTRAP), "exec yes", "host-no-shell"],
  "has a dd that spoils what it reads": [
    login(`dd() { command dd "$@" | tr v w; }; ${BOOTSTRAP.slice("exec sh -c '".length, -1)}`),
    "true",
    "host-no-shell",
  ],
  "is killed": [login(BOOTSTRAP), "kill -9 $$", "link-lost"],
  "takes too long": [login(BOOTSTRAP), "exec sleep 300", "host-timeout"],
} as const;

for (const [what, [transport, script, code]] of Object.entries(cases))
  test(`a shell that ${what} is reported in words`, async (t) => {
    const timeoutMs = code === "host-timeout" ? 500 : 300_000;
    await assert.rejects(
      runScript(transport, script, { signal: t.signal, timeoutMs, maxOutputBytes: 2 ** 20 }),
      (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, /mia@host/);
        return true;
      },
    );
  });
