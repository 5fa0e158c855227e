// SPDX-License-Identifier: Apache-2.0
// A shell that receives, and whose sender is gone without a goodbye while the line stays open, as after a power cut: it ends
// by itself and lets the directory go. What merely takes its time is left alone.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { suite, test } from "node:test";
import { loop } from "../../../src/receiver/shell/loop.ts";
import { RemoteShell } from "../../../src/receiver/shell/remote-shell.ts";
import { ShellStore } from "../../../src/receiver/shell/store.ts";
import { waitFor } from "../../../lab/processes.ts";
import { shellHost } from "../../support/shells.ts";
import { temporary } from "../../support/temporary.ts";

const PATIENCE = { silenceSeconds: 6, bodySeconds: 9 };
const MARK = "p2v-mark";
const line = (script: string): string => `${MARK} ${script}\n`;

// They wait for most of their time: all at once.
void suite("a receiving shell's guard", { concurrency: 15 }, () => {
  for (const name of ["dash", "bash", "busybox"] as const) {
    for (const [where, more] of [
      ["between two scripts", ""],
      ["in the middle of a line", `${MARK} 1`],
      [
        "in the middle of a body",
        `${line("dd bs=1000000 count=1 iflag=fullblock 2>/dev/null | wc -c")}half a body`,
      ],
      [
        "in the middle of a body in a pipeline of a substitution",
        `${line("x=$({ dd bs=1000000 count=1 iflag=fullblock | cat; } 2>&1)")}half`,
      ],
    ] as const)
      test(`${name} lets go of its directory when its sender vanishes ${where}`, async (t) => {
        const directory = await temporary(t);
        const host = await shellHost(t, name);
        const shell = await host.start(loop(MARK, PATIENCE));
        shell.stdout.resume();
        shell.stdin.write(line(`cd ${directory} && p2v_lock=held && printf held >.p2v-lock`));
        await waitFor("the lock", async () => (await readdir(directory)).length === 1);
        shell.stdin.write(more);
        await shell.closed;
        assert.deepEqual(await readdir(directory), []);
      });

    test(`${name} is not silenced while it works, nor while its sender is there`, async (t) => {
      const directory = await temporary(t);
      const shell = await RemoteShell.open(await shellHost(t, name), {
        patience: PATIENCE,
        heartbeatMs: 300,
      });
      await using store = new ShellStore(shell, directory);
      await store.enter();
      assert.ok(await store.lock.make("job"));
      assert.equal(
        (await shell.run("sleep 12; echo done")).lines[0],
        "done",
        "an act that takes longer than both limits",
      );
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      assert.equal((await shell.run("echo here")).lines[0], "here", "to be there is enough");
      await store[Symbol.asyncDispose]();
      assert.deepEqual(await readdir(directory), []);
    });
  }
});
