// SPDX-License-Identifier: Apache-2.0
// FAT without a kernel that has it: what is written through the copy is in the file system afterwards, and nothing else moved.
import assert from "node:assert/strict";
import { mkdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mountFatCopy, run, RunError } from "../../../src/system/index.ts";
import { sha256sum } from "../../support/disks/overlays.ts";
import { temporary } from "../../support/temporary.ts";

const SIZE = 40 * 2 ** 20;

test("a FAT copy: new, replaced and removed files and directories come back; a full one is full", async (t) => {
  const directory = await temporary(t);
  const image = join(directory, "fat.img");
  await writeFile(image, "");
  await run(["truncate", "-s", String(SIZE), image]);
  await run(["mkfs.vfat", "-F", "32", image]);
  await writeFile(join(directory, "old"), "old\n");
  await run(["mmd", "-i", image, "::/EFI", "::/EFI/gone"]);
  for (const path of ["EFI/kept.efi", "EFI/changed.conf", "EFI/gone/x.efi", "A long Name.txt"])
    await run(["mcopy", "-i", image, join(directory, "old"), `::/${path}`]);
  const before = await sha256sum(image);
  const target = join(directory, "mounted");
  {
    await using copy = await mountFatCopy(image, target, { readOnly: true });
    await assert.rejects(writeFile(join(copy.path, "x"), "x"), /EROFS/);
  }
  {
    await using copy = await mountFatCopy(image, target, { readOnly: false });
    assert.equal(await readFile(join(copy.path, "A long Name.txt"), "utf8"), "old\n");
  }
  assert.equal(await sha256sum(image), before, "nothing changed, and yet it was written");
  {
    await using copy = await mountFatCopy(image, target, { readOnly: false });
    const { bavail, bsize } = await statfs(copy.path);
    assert.ok(bavail * bsize < SIZE && bavail * bsize > SIZE / 2);
    await assert.rejects(writeFile(join(copy.path, "large"), Buffer.alloc(SIZE)), /ENOSPC/);
    await rm(join(copy.path, "large"));
    await mkdir(join(copy.path, "EFI/BOOT"));
    await writeFile(join(copy.path, "EFI/BOOT/BOOTX64.EFI"), "MZ");
    await writeFile(join(copy.path, "EFI/.p2v-aside"), "new\n");
    await rename(join(copy.path, "EFI/.p2v-aside"), join(copy.path, "EFI/changed.conf"));
    await rm(join(copy.path, "EFI/gone"), { recursive: true });
  }
  const text = async (path: string): Promise<string> =>
    (await run(["mtype", "-i", image, `::/${path}`])).stdout;
  assert.equal(await text("EFI/BOOT/BOOTX64.EFI"), "MZ");
  assert.equal(await text("EFI/changed.conf"), "new\n");
  assert.equal(await text("EFI/kept.efi"), "old\n");
  await assert.rejects(text("EFI/gone/x.efi"), RunError);
  await run(["fsck.vfat", "-n", image]);
});

test("what is not a FAT is an error, and leaves no mount", async (t) => {
  const directory = await temporary(t);
  const image = join(directory, "none.img");
  await writeFile(image, Buffer.alloc(2 ** 20));
  await assert.rejects(mountFatCopy(image, join(directory, "mounted"), { readOnly: false }), RunError);
  await assert.rejects(run(["mountpoint", "-q", join(directory, "mounted")]), RunError);
});
