// SPDX-License-Identifier: Apache-2.0
// Key files: what is none is named, and what others may read is told.
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Secret, UserError } from "../../core/index.ts";
import type { KeyAnswer } from "../../plan/index.ts";
import { run } from "../../system/index.ts";
import { readKeys } from "./keys.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const file = (path: string, uuid: string | null = null): KeyAnswer => ({
  uuid,
  from: { kind: "file", path },
});

test("readKeys() takes regular files and what was typed, and says which file everybody may read", async (t) => {
  const directory = await temporary(t);
  const [closed, open, empty] = [
    join(directory, "closed"),
    join(directory, "open"),
    join(directory, "empty"),
  ];
  await writeFile(closed, "a b\n", { mode: 0o600 });
  await writeFile(open, Buffer.from([0, 255]));
  await chmod(open, 0o644);
  await writeFile(empty, "");
  const pipe = join(directory, "pipe");
  await run(["mkfifo", pipe]);
  const typed: KeyAnswer = { uuid: null, from: { kind: "typed", secret: new Secret(Buffer.from("t")) } };
  const { keys, problems } = await readKeys([file(closed, "u"), file(open), typed]);
  assert.deepEqual(
    keys.map(({ uuid, secret, title }) => [uuid, Buffer.from(secret.reveal()).toString("latin1"), title]),
    [
      ["u", "a b\n", closed],
      [null, "\0\xff", open],
      [null, "t", "the passphrase that was typed"],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, text }) => [code, String(text).includes(open)]),
    [["key-readable", true]],
  );
  for (const [path, code] of [
    [empty, "key-wrong-size"],
    [directory, "key-no-file"],
    [pipe, "key-no-file"],
    ["/dev/zero", "key-no-file"],
    [join(directory, "none"), "key-missing"],
  ] as const)
    await assert.rejects(
      readKeys([file(path)]),
      (error) => error instanceof UserError && error.code === code,
    );
  assert.deepEqual(await readKeys([]), { keys: [], problems: [] });
});
