// SPDX-License-Identifier: Apache-2.0
// What dracut is told, by its version: a scripted one stands in for it. No configuration of this computer may be in the way.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { run } from "../../system/index.ts";
import { findBuilder } from "./builders.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const skip = existsSync("/etc/dracut.conf.d") ? "this computer has a configuration of dracut" : false;

/** Its arguments, a line each, of each time it was run. It fails the first `failing` times. */
async function runDracut(
  t: TestContext,
  { help, failing = 0 }: { help: string; failing?: number },
): Promise<{ runs: readonly string[]; stderr: string }> {
  const top = await temporary(t);
  const program = `#!/bin/sh
if [ "$1" = --help ]; then echo '${help}'; exit 0; fi
(for word; do echo "<$word>"; done | tr '\\n' ' '; echo) >>'${top}/runs'
[ "$(wc -l <'${top}/runs')" -gt ${failing} ]
`;
  await writeFile(join(top, "dracut"), program);
  await chmod(join(top, "dracut"), 0o755);
  for (const name of ["sh", "grep", "wc", "tr", "mkdir", "rm"])
    await symlink(`/bin/${name}`, join(top, name));
  const { script = "" } = findBuilder("dracut") ?? {};
  const argv = [
    "/bin/sh",
    "-c",
    script,
    "sh",
    top,
    "6.1",
    "/boot/initrd.img-6.1",
    "virtio_pci",
    "virtio_blk",
  ];
  const { stderr } = await run(argv, { env: { PATH: top } });
  return { runs: (await readFile(join(top, "runs"), "utf8")).trim().split("\n"), stderr };
}

test("dracut of today: an image for any host, with the drivers, packed quickly", { skip }, async (t) => {
  const help = "--no-hostonly --no-hostonly-cmdline --no-hostonly-default-device --compress --confdir";
  const { runs } = await runDracut(t, { help });
  assert.equal(runs.length, 1);
  assert.match(
    runs[0] ?? "",
    /^<-f> <--add-drivers> <virtio_pci virtio_blk> <--no-hostonly> <--no-hostonly-cmdline> <--no-hostonly-default-device> <--compress> <gzip -n -6> <\S+\/initrd-6\.1> <6\.1>/,
  );
});

test("an old dracut is told only what it knows", { skip }, async (t) => {
  const { runs } = await runDracut(t, { help: "dracut [OPTION]... --add-drivers" });
  assert.match(runs[0] ?? "", /^<-f> <--add-drivers> <virtio_pci virtio_blk> <\S+\/initrd-6\.1> <6\.1>/);
});

test("a drop-in that breaks it is left out the second time, and that is said", { skip }, async (t) => {
  const { runs, stderr } = await runDracut(t, { help: "--no-hostonly --confdir", failing: 1 });
  assert.equal(runs.length, 2);
  assert.match(runs[1] ?? "", /<--conf> <\S+\/none\.conf> <--confdir> <\S+\/none>/);
  assert.match(stderr, /^P2V: dracut failed with the configuration/m);
});
