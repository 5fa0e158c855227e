// SPDX-License-Identifier: Apache-2.0
// Wrong usage and host keys, as a user meets them.
import { test } from "node:test";
import { assertRefused, cli, type Ended } from "../../support/cli.ts";
import { makeDisk, type TestDisk } from "../../support/disks/disks.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { temporary } from "../../support/temporary.ts";

const plainDisk = (): Promise<TestDisk> =>
  makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "ext4", files: {} }] });

function migrate(disk: string, to: string, ...more: readonly string[]): Promise<Ended> {
  return cli(["migrate", "--disk", disk, "--to", to, "--name", "vm", "--yes", "--no-boot-check", ...more]);
}

test("wrong usage is told as such", async (t) => {
  const directory = await temporary(t);
  for (const uri of ["nonsense", "http://host/path", "ssh://", "ssh://host", "dir:"])
    await assertRefused(await migrate("/dev/null", uri), {
      code: 2,
      says: /understood|URI|destination|names no|begins/i,
      advises: /\S/,
    });
  await assertRefused(await cli(["migrate"]), { code: 2, says: /needs --disk/, advises: /--help/ });
  await assertRefused(await cli(["fly"]), { code: 2, says: /no command "fly"/, advises: /migrate/ });
  await using disk = await plainDisk();
  await assertRefused(
    await cli(["migrate", "--disk", disk.path, "--to", `dir:${directory}`, "--as-is", "--name", "vm"]),
    {
      code: 2,
      says: /no terminal/,
      advises: /--yes/,
    },
  );
  await assertRefused(await migrate(disk.path, `dir:${directory}`, "--disk", disk.path), {
    code: 2,
    says: /given twice/,
    advises: /once/,
  });
});

test("an unknown and a changed host key are refused", async () => {
  await using disk = await plainDisk();
  for (const knownHost of ["absent", "wrong"] as const) {
    await using sshd = await startSshd({ knownHost });
    const to = `ssh://${sshd.hostAlias}/tmp/p2v-never`;
    const ended = await migrate(disk.path, to, "--as-is", "--ssh-config", sshd.sshConfigPath);
    await assertRefused(ended, { code: 4, says: /host key/i, advises: /\S/ });
  }
});
