// SPDX-License-Identifier: Apache-2.0
// What stands on a terminal of 80x24 when a migration asks: summary and problems, the diffs at a key; and what each answer does.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FORGET_MOUNTS } from "../../../lab/private-mounts.ts";
import { waitFor } from "../../../lab/processes.ts";
import { makeDisk, type TestDisk } from "../../support/disks/disks.ts";
import { openTerminal, type Terminal } from "../../support/terminal.ts";
import { PROGRAM } from "../../support/cli.ts";
import { temporary } from "../../support/temporary.ts";

/** Disks that are not given: a problem each, more than fit on the screen. */
const ELSEWHERE = "cdefghijklmnopqrstuv"
  .split("")
  .map((name) => `/dev/sd${name}1 /srv/${name} ext4 nofail 0 2\n`);
const SYSTEM = {
  "/etc/os-release": 'ID=debian\nVERSION_ID=12\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  "/etc/fstab": `/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n${ELSEWHERE.join("")}`,
  "/boot/vmlinuz-6.1.0-18-amd64": "kernel",
  "/boot/grub/grub.cfg":
    "menuentry 'Debian' {\n\tset root='hd0,msdos1'\n\tlinux /boot/vmlinuz-6.1.0-18-amd64 root=/dev/sda1 ro\n}\n",
  "/sbin/init": { content: "#!/bin/sh\n", mode: 0o755 },
  "/bin/sh": { content: "none", mode: 0o755 },
};

let disk: TestDisk;
before(async () => {
  const root = { sizeMb: 48, fs: "ext4", files: SYSTEM } as const;
  disk = await makeDisk({ table: "mbr", partitions: [root, { sizeMb: 8, fs: "swap" }] });
});
after(() => disk[Symbol.asyncDispose]());

const migration = (directory: string): readonly string[] => {
  const to = `dir:${join(directory, "vms")}`;
  const more = ["--name", "vm", "--only", "fstab", "--no-boot-check"];
  return [PROGRAM, "migrate", "--disk", disk.path, "--to", to, ...more];
};

/** The question is the last row of a full screen, and the summary begins in its first. */
async function seeQuestion(terminal: Terminal): Promise<void> {
  const rows = await terminal.see(/^Begin\? \[y\/N; d shows all, with diffs\]$/m);
  // A problem of several lines that does not fit leaves a row free.
  assert.match(rows.slice(0, 3).join("\n"), /^System +Debian GNU\/Linux 12/m);
  assert.match(
    rows.join("\n"),
    /\nWARNING: [^\n]+\n(?: {2}[^\n]+\n)*Not shown here: \d+ warnings \(mount-left-behind\)\nBegin\? /,
  );
  assert.match(rows.at(-1) ?? "", /^Begin\?/);
  for (const row of rows) assert.doesNotMatch(row, /^@@/, "no diff");
}

test("one screenful and the question; d shows the diffs in less; the end of the input is a no", async (t) => {
  const directory = await temporary(t);
  await using terminal = await openTerminal(migration(directory));
  await seeQuestion(terminal);
  await terminal.press("d", "Enter");
  await terminal.see(/^-\/dev\/sda1 \/ ext4 defaults 0 1\n[^]*^\+UUID=/m);
  await terminal.press("q");
  await seeQuestion(terminal);
  await terminal.press("C-d");
  await terminal.see(/Nothing was done\./);
  assert.equal(await terminal.exitCode(), 0);
  assert.ok(!existsSync(join(directory, "vms/vm")));
});

test("$PAGER gets all of it; Ctrl-C at the question ends the program with a word", async (t) => {
  const directory = await temporary(t);
  const file = join(directory, "seen");
  await using terminal = await openTerminal(migration(directory), { env: { PAGER: `cat > '${file}'` } });
  await seeQuestion(terminal);
  await terminal.press("d", "Enter");
  const read = async (): Promise<string> => await readFile(file, "utf8").catch(() => "");
  await waitFor("the pager", async () => (await read()).includes("Nothing stops this"));
  const seen = await read();
  assert.match(seen, /^@@ /m);
  for (const line of ELSEWHERE) assert.ok(seen.includes(`mounts ${line.split(" ")[0]} on`), line);
  await seeQuestion(terminal);
  await terminal.press("C-c");
  assert.equal(await terminal.exitCode(), 130);
  assert.match((await terminal.screen()).join("\n"), /^Interrupted: /m);
});

test("without a pager the text is shown a screenful at a time; y begins", async (t) => {
  const directory = await temporary(t);
  const none = join(directory, "none");
  await writeFile(none, "");
  const hidden = `mount --bind '${none}' /usr/bin/less && ${FORGET_MOUNTS}exec "$@"`;
  const argv = ["unshare", "--mount", "sh", "-c", hidden, "sh", ...migration(directory)];
  await using terminal = await openTerminal(argv, { env: { PAGER: "/nonexistent/pager" } });
  await seeQuestion(terminal);
  await terminal.press("d", "Enter");
  await terminal.see(/^1 change in the guest:[^]*^\d+ more lines: Enter goes on, q ends this$/m);
  await terminal.press("Enter");
  await terminal.see(/^\d+ more lines:[^]*NOTE|WARNING/m);
  await terminal.press("q", "Enter");
  await seeQuestion(terminal);
  await terminal.press("y", "Enter");
  assert.equal(await terminal.exitCode(), 0);
  const screen = (await terminal.screen()).join("\n");
  assert.match(screen, /^Copying used blocks: done in /m);
  assert.equal(screen.split("Writing definitions").length, 2, screen);
});

test("plan names the changes, then summary and problems; --diff shows them", async (t) => {
  const directory = await temporary(t);
  const argv = [PROGRAM, "plan", ...migration(directory).slice(2)];
  await using terminal = await openTerminal(argv, { rows: 200 });
  await terminal.exitCode();
  const screen = (await terminal.screen()).join("\n");
  assert.match(screen, /^1 change in the guest \(--diff shows them\):\n\/etc\/fstab\n {2}fstab: /);
  assert.match(screen, /\n\nNothing stops this: 20 warnings\.\n/);
  assert.doesNotMatch(screen, /^@@/m);
  await using diffs = await openTerminal([...argv, "--diff"], { rows: 220 });
  await diffs.exitCode();
  assert.match((await diffs.screen()).join("\n"), /^@@ [^]*Nothing stops this/m);
});
