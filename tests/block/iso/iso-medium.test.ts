// SPDX-License-Identifier: Apache-2.0
// The medium from a small stand-in for the base: the same inputs give the same bytes, and the layout is what firmware needs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/system/index.ts";
import { fileOnIso, standInBase, standInMedium } from "../../support/vms/stand-in-medium.ts";
import { temporary } from "../../support/temporary.ts";

test("the medium is reproducible, bootable by three ways, and knows its UUID", async (t) => {
  const directory = await temporary(t);
  const parts = await standInBase(directory);
  const images: string[] = [];
  for (const number of [1, 2]) {
    const out = join(directory, `${number}.iso`);
    await standInMedium(out, { ...parts, roomBytes: 2 ** 20, signal: t.signal });
    images.push(
      createHash("sha256")
        .update(await readFile(out))
        .digest("hex"),
    );
    await new Promise((resolve) => setTimeout(resolve, 1100)); // times on the medium count seconds
  }
  assert.equal(images[0], images[1]);
  const iso = join(directory, "1.iso");
  const { stdout } = await run([
    "xorriso",
    "-indev",
    iso,
    "-report_el_torito",
    "plain",
    "-report_system_area",
    "plain",
  ]);
  assert.match(stdout, /El Torito boot img : +1 +BIOS/);
  assert.match(stdout, /El Torito boot img : +2 +UEFI/);
  assert.match(stdout, /GPT type GUID +: +2 +28732ac11ff8d211ba4b00a0c93ec93b/);
  await using file = await open(iso, "r");
  const bytes = Buffer.alloc(2048);
  await file.read(bytes, 0, 512, 0);
  assert.equal(bytes.readUInt16LE(510), 0xaa55);
  assert.ok([0x80, 0].includes(bytes[446] ?? 1));
  await file.read(bytes, 0, 2048, 32_768);
  const date = bytes.toString("latin1", 830, 846); // where the initramfs looks
  const menu = await fileOnIso(iso, "/boot/grub/grub.cfg", join(directory, "menu"));
  assert.match(menu.toString(), new RegExp(`p2v\\.medium=${date} `));
});
