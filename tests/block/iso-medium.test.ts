// SPDX-License-Identifier: Apache-2.0
// The medium from a small stand-in for the base: the same inputs give the same bytes, and the layout is what firmware needs.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BASE_FILES } from "../../src/iso/base.ts";
import { makeMedium } from "../../src/iso/medium.ts";
import { run } from "../../src/system/index.ts";

test("the medium is reproducible, bootable by three ways, and knows its UUID", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "p2v-medium-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const base = join(directory, "base");
  await mkdir(base);
  for (const name of Object.values(BASE_FILES)) await writeFile(join(base, name), randomBytes(5000));
  await writeFile(join(base, BASE_FILES.hybrid), Buffer.alloc(512, 0x90));
  const program = join(directory, "program");
  await writeFile(program, "program");
  const images: string[] = [];
  for (const number of [1, 2]) {
    const scratch = join(directory, `scratch-${number}`);
    const out = join(directory, `${number}.iso`);
    await mkdir(scratch);
    await makeMedium({ base, program, out, scratch, epoch: 1_700_000_000, signal: t.signal });
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
  const menu = await run([
    "xorriso",
    "-osirrox",
    "on",
    "-indev",
    iso,
    "-extract",
    "/boot/grub/grub.cfg",
    join(directory, "menu"),
  ]);
  assert.equal(menu.code, 0);
  assert.match(await readFile(join(directory, "menu"), "utf8"), new RegExp(`p2v\\.medium=${date} `));
});
