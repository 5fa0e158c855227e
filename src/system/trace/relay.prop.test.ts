// SPDX-License-Identifier: Apache-2.0
// Programs of another process, recorded here: in whatever pieces its words come, and whatever a host may say instead.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { run } from "../programs/run.ts";
import { relayPrograms } from "./relay.ts";
import { startTrace } from "./trace.ts";

const SYSTEM = JSON.stringify(new URL("../index.ts", import.meta.url).href);

/** What a process says that runs these. */
async function saidBy(body: string): Promise<string> {
  const script = `const { run, sayPrograms, startDaemon } = await import(${SYSTEM});
    sayPrograms((line) => void process.stderr.write(line));
    ${body}`;
  return (await run([process.execPath, "--input-type=module", "--eval", script])).stderr;
}

const place = (argv: readonly string[]) => ({ argv: ["ssh", "--", "kvm", argv.join(" ")], on: "kvm" });

test("programs of another process are lines here, and its other words stay, however both are cut", async (t) => {
  const said = await saidBy(`
    await run(["sh", "-c", "exit 3"], { allowCodes: [3] });
    process.stderr.write("no room\\n");
    { await using daemon = await startDaemon(["sleep", "600"]); }
    await run(["true", "--password", "SECRET"]);
    process.stderr.write("the end");`);
  const directory = await temporary(t);
  let count = 0;
  await check(
    t,
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: said.length }), { maxLength: 8 }), async (cuts) => {
      count += 1;
      const path = join(directory, `trace-${count}`);
      const ends = [0, ...cuts.toSorted((a, b) => a - b), said.length];
      let others = "";
      {
        using recorded = startTrace(path);
        const hear = relayPrograms(place);
        assert.equal(recorded.trouble, null);
        for (const [index, end] of ends.slice(1).entries()) others += hear(said.slice(ends[index], end));
      }
      const text = await readFile(path, "utf8");
      const lines = text.split("\n").filter((line) => line.startsWith(": "));
      const bare = lines.map((line) =>
        line.replace(/^: \S+ (?:\d+\.\d{3}s )?/, "").replace(/begun=\d+/, "begun=N"),
      );
      assert.deepEqual(bare, [
        "exit=3 on=kvm; ssh -- kvm 'sh -c exit 3'",
        "exit=0 on=kvm; ssh -- kvm 'sleep --version'",
        "begun=N on=kvm; ssh -- kvm 'setpriv --pdeathsig TERM -- sleep 600'",
        "signal=SIGTERM begun=N on=kvm; # ssh",
        "exit=0 on=kvm; ssh -- kvm 'true --password ***'",
      ]);
      assert.equal(others, "no room\nthe end");
    }),
    { runs: 40 },
  );
});

test("no words of a host make it throw, or a line that is not a note and a quoted word", async (t) => {
  const path = join(await temporary(t), "trace");
  const about = fc.record(
    {
      argv: fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
      number: fc.constantFrom(null, -1, 0, 1, "x"),
      ended: fc.constantFrom(
        null,
        { seconds: -1, end: { kind: "exit", code: 0 } },
        { seconds: 1, end: { kind: "exit", code: 0 } },
        { seconds: 1, end: { kind: "lost", why: "\n; rm -rf / #" } },
        { seconds: 1, end: { kind: "signal", signal: "; rm" } },
      ),
    },
    { requiredKeys: [] },
  );
  const words = fc.oneof(
    about.map((value) => `p2v-trace ${JSON.stringify(value)}\n`),
    fc.string({ unit: "binary" }).map((text) => `p2v-trace ${text}\n`),
    fc.constantFrom("p2v-trace null\n", `p2v-trace ${"[".repeat(5000)}\n`, "p2v-tr", "\n"),
  );
  {
    using recorded = startTrace(path);
    const hear = relayPrograms(place);
    await check(
      t,
      fc.property(words, (text) => void hear(text)),
      { runs: 300 },
    );
    assert.equal(recorded.trouble, null);
  }
  for (const line of (await readFile(path, "utf8")).split("\n"))
    assert.match(line, /^$|^# |^: [^;]*(?:'[^']*'[^;]*)*; (?:ssh -- kvm |# ssh$)/);
});
