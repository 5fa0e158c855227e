// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporary } from "../../../tests/support/temporary.ts";
import { ToldScripts } from "./told.ts";
import { startTrace } from "./trace.ts";

test("of what a shell is told, each kind is there once, each that fails, and how many there were", async (t) => {
  const path = join(await temporary(t), "trace");
  const trace = startTrace(path);
  const told = new ToldScripts("root@kvm");
  for (let cell = 0; cell < 1000; cell += 1)
    told.begin(`dd of=web-1.img seek=${cell}`, 65_536).ended({ kind: "exit", code: cell === 500 ? 1 : 0 });
  told.begin("sync .\u001b", null).ended({ kind: "exit", code: 0 });
  told.begin("token=SECRET", null).ended({ kind: "lost", why: "the shell is gone" });
  told.close();
  trace[Symbol.dispose]();
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line.startsWith(": "));
  const bare = lines.map((line) => line.replace(/^: \S+ \d+\.\d{3}s /, ""));
  assert.deepEqual(bare, [
    "exit=0 on=root@kvm stdin=65536B; # dd of=web-1.img seek=0",
    "exit=1 on=root@kvm stdin=65536B; # dd of=web-1.img seek=500",
    "exit=0 on=root@kvm; # $'sync .\\033'",
    "lost='the shell is gone' on=root@kvm; # token=***",
    "exit=0 on=root@kvm; # told 1000 times, with other numbers: dd of=web-1.img seek=0",
  ]);
});
