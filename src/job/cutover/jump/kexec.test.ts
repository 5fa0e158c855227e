// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../core/index.ts";
import { temporary } from "../../../../tests/support/temporary.ts";
import { jumpArgv, loadKernel } from "./kexec.ts";

test("a kernel that refuses is told in its words, and so is one that takes nothing without a word", async (t) => {
  const directory = await temporary(t);
  const kexec = join(directory, "kexec");
  for (const [script, words] of [
    ["echo 'kexec_load failed: Operation not permitted' >&2; exit 255", /Operation not permitted/],
    ["exit 0", /holds no other kernel/],
  ] as const) {
    await writeFile(kexec, `#!/bin/sh\n${script}\n`);
    await chmod(kexec, 0o755);
    const { signal } = new AbortController();
    await assert.rejects(
      loadKernel({ kexec, kernel: "/k", initramfs: "/i", words: "quiet", signal }),
      (error) => error instanceof UserError && error.code === "kexec-refused" && words.test(error.message),
    );
  }
});

test("the way down is that of the init", () => {
  assert.deepEqual(jumpArgv({ kind: "systemd", jumpsAlone: true }), [
    "systemctl",
    "--ignore-inhibitors",
    "kexec",
  ]);
  assert.deepEqual(jumpArgv({ kind: "sysv", jumps: true }), ["telinit", "6"]);
});
