// SPDX-License-Identifier: Apache-2.0
// The shell scripts of the live CD, judged by shellcheck; the initramfs must not even know how to try a file system.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/system/index.ts";
import { temporary } from "../../support/temporary.ts";

const SCRIPTS = [
  "livecd/customize",
  "livecd/initramfs/init",
  "livecd/root/usr/lib/virt-p2v/keep",
  "livecd/root/usr/lib/virt-p2v/wizard",
];

test("shellcheck finds nothing in the live CD's scripts", async () => {
  const { stdout } = await run(["shellcheck", "-x", "-s", "sh", ...SCRIPTS], { allowCodes: [1] });
  assert.equal(stdout, "");
  // The only one that needs bash: it waits for a key and for the wizard at once.
  const console = "livecd/root/usr/lib/virt-p2v/console";
  assert.equal((await run(["shellcheck", "-s", "bash", console], { allowCodes: [1] })).stdout, "");
});

test("the initramfs mounts nothing but the medium: every mount says which type", async () => {
  const init = await readFile("livecd/initramfs/init", "utf8");
  const mounts = init.split("\n").filter((line) => /^\s*(busybox )?mount /.test(line));
  assert.ok(mounts.length > 6);
  for (const line of mounts)
    assert.match(line, /mount -t (proc|sysfs|devtmpfs|tmpfs|iso9660|squashfs|overlay) /, line);
  assert.doesNotMatch(init, /\b(lvm|mdadm|fsck|swapon|blkid)\b(?! )/);
});

/** Programs that only say their names, before all others; `tmux` has no session to show. */
async function namesOnly(directory: string, names: readonly string[]): Promise<Record<string, string>> {
  await mkdir(directory);
  for (const name of [...names, "tmux"]) {
    const script = `#!/bin/sh\necho "RUN ${name} $1"\n${name === "tmux" ? '[ "$3" = attach-session ]' : ""}\n`;
    await writeFile(join(directory, name), script, { mode: 0o755 });
  }
  return { PATH: `${directory}:${process.env["PATH"]}` };
}

test("after Enter a console says at once what comes, and so does the wizard's own screen", async (t) => {
  const env = await namesOnly(join(await temporary(t), "bin"), ["virt-p2v", "systemctl", "clear"]);
  const scripts = "livecd/root/usr/lib/virt-p2v";
  const console = await run(["bash", `${scripts}/console`, "tty1"], { input: "\n", env });
  assert.match(console.stdout, /Looking at .* \.\.\.\nRUN virt-p2v inspect\n/);
  assert.match(console.stdout, /\nThe wizard starts \.\.\.\nRUN systemctl start\n/);
  const wizard = await run(["sh", `${scripts}/wizard`], { env });
  assert.match(wizard.stdout, /^The wizard starts, and looks at this machine; .*\nRUN virt-p2v wizard\n/);
});
