// SPDX-License-Identifier: Apache-2.0
// An encrypted root: with its key it is converted and sent like any other, and the VM opens it with the same passphrase.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PASSPHRASE } from "../support/disks/luks.ts";
import { LUKS_UUIDS } from "../support/guests/machines/luks.ts";
import { type Migrated, migrateMachine, planAgain } from "../support/vms/matrix.ts";
import { temporary } from "../support/temporary.ts";

const MIB = 2 ** 20;

async function keyFile(t: TestContext): Promise<string> {
  const directory = await temporary(t);
  const path = join(directory, "key");
  await writeFile(path, `${PASSPHRASE}\n`, { mode: 0o600 });
  return path;
}

/** No warnings; only what is used was sent; and the passphrase is nowhere. */
async function assertConverted({ report, directory }: Migrated): Promise<string> {
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const [disk] = report.disks;
  assert.ok(disk && disk.usedBytes < 1100 * MIB, `${disk?.usedBytes} of ${disk?.sizeBytes} bytes`);
  const whole = report.problems.filter(({ code }) => code === "volume-whole").map(({ text }) => text);
  assert.ok(!whole.some((text) => /^\S*\/luks/.test(String(text))), whole.join("\n"));
  for (const name of await readdir(directory, { recursive: true })) {
    if (name.endsWith(".img")) continue;
    const text = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
    assert.ok(!text.includes(PASSPHRASE), name);
  }
  const crypttab = report.changes.find(({ path }) => path === "/etc/crypttab")?.diff ?? "";
  assert.equal(report.changes.filter(({ path }) => path.startsWith("/boot/initrd.img-")).length, 1);
  return crypttab;
}

test("LVM in LUKS2, as Debian's installer makes it: with the key it is converted, and boots with its passphrase", async (t) => {
  const key = await keyFile(t);
  const migrated = await migrateMachine(t, "luks", ["--key", key]);
  assert.match(
    await assertConverted(migrated),
    /^\+sda2_crypt UUID=10c5a5a1-\S+ none luks,discard,initramfs$/m,
  );
  const image = join(migrated.directory, "luks-1.img");
  assert.deepEqual(await planAgain(migrated.directory, [image], ["--key", key]), []);
});

test("a LUKS1 root on a volume of LVM, with a key for this volume alone", async (t) => {
  const key = await keyFile(t);
  const migrated = await migrateMachine(t, "luks-volume", ["--key", `${LUKS_UUIDS.luks}=${key}`]);
  const crypttab = await assertConverted(migrated);
  assert.match(crypttab, /^\+root_crypt \/dev\/vg0\/root none luks,initramfs$/m);
  assert.doesNotMatch(crypttab, /^[+-]swap_crypt/m);
});
