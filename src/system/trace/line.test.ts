// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetSecrets, keepSecret } from "../../core/index.ts";
import { renderTraceLine, type TracedProgram, type TraceNote } from "./line.ts";

const at = new Date("2026-11-24T01:02:03.456Z");
const ended: TraceNote = { kind: "ended", at, seconds: 1.5, end: { kind: "exit", code: 0 }, number: null };
const line = (program: TracedProgram, note: Partial<TraceNote> = {}): string =>
  renderTraceLine(program, { ...ended, ...note } as TraceNote);

test("a line has start, duration, end and what is special, and then the command", () => {
  forgetSecrets();
  assert.equal(
    line({ argv: ["qemu-img", "info", "/srv/my disk.img"] }),
    ": 2026-11-24T01:02:03.456Z 1.500s exit=0; qemu-img info '/srv/my disk.img'\n",
  );
  assert.equal(
    line(
      { argv: ["sh", "-c", "x"], isGuest: true, inputBytes: 12 },
      { end: { kind: "signal", signal: "SIGKILL" } },
    ),
    ": 2026-11-24T01:02:03.456Z 1.500s signal=SIGKILL guest stdin=12B; sh -c x\n",
  );
  assert.equal(
    line(
      { argv: ["ssh", "--", "kvm", "df -Pk /srv"], on: "root@kvm:22" },
      { end: { kind: "timeout", limitSeconds: 60 } },
    ),
    ": 2026-11-24T01:02:03.456Z 1.500s timeout=60s on=root@kvm:22; ssh -- kvm 'df -Pk /srv'\n",
  );
  assert.equal(
    line({ argv: ["cpio", "-i"], cwd: "/tmp/a b", env: { TMPDIR: "/x y" } }),
    ": 2026-11-24T01:02:03.456Z 1.500s exit=0; cd '/tmp/a b' && TMPDIR='/x y' cpio -i\n",
  );
});

test("what runs long has a line at its begin and one at its end", () => {
  forgetSecrets();
  const program = { argv: ["/usr/bin/qemu-storage-daemon", "--blockdev", "x"] };
  assert.equal(
    renderTraceLine(program, { kind: "begun", at, number: 7 }),
    ": 2026-11-24T01:02:03.456Z begun=7; /usr/bin/qemu-storage-daemon --blockdev x\n",
  );
  assert.equal(
    line(program, { number: 7 }),
    ": 2026-11-24T01:02:03.456Z 1.500s exit=0 begun=7; # qemu-storage-daemon\n",
  );
});

test("no secret is in a line: known to this process, behind a flag, in a setting, a URL or a script", () => {
  forgetSecrets();
  keepSecret("correct horse");
  const hex = Buffer.from("correct horse").toString("hex");
  const text = line({
    argv: [
      "curl",
      "-H",
      "Authorization: Bearer SECRET1",
      "--password",
      "SECRET2",
      "https://joe:SECRET3@host/?token=SECRET4",
      "correct horse",
      `--volume-key=${hex}`,
      "set -e\npassword=SECRET5\necho done\n",
    ],
    env: { PGPASSWORD: "SECRET6", HINT: "correct horse" },
  });
  assert.doesNotMatch(text, /SECRET|horse|636f7272/);
  assert.match(text, /PGPASSWORD='\*\*\*' HINT='\*\*\*' curl -H 'Authorization: \*\*\*' --password '\*\*\*'/);
  assert.match(text, /echo done/);
});

test("a command that is too long to paste is cut, and says so", () => {
  forgetSecrets();
  const text = line({ argv: ["sh", "-c", "echo x\n".repeat(30_000)] });
  assert.ok(text.length < 2000);
  assert.match(text, /; # sh -c .* \.\.\. \(\d{6} letters, cut\)\n$/);
});
