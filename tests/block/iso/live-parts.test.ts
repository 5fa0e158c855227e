// SPDX-License-Identifier: Apache-2.0
// The live system for a server that runs, out of an image: it is what `iso pxe` makes of the same image, and the answers behind it.
import assert from "node:assert/strict";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openLiveParts, writePxeTree } from "../../../src/iso/index.ts";
import { UserError } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import { CpioReader } from "../../../src/convert/initramfs/cpio.ts";
import { standInBase, standInMedium } from "../../support/vms/stand-in-medium.ts";
import { temporary } from "../../support/temporary.ts";

const MORE = [
  { name: "cutover", mode: 0o040700, bytes: Buffer.alloc(0) },
  { name: "cutover/note.json", mode: 0o100600, bytes: Buffer.from("{}\n") },
];

test("image and tree give the same kernel, words, version and parts; the answers are readable by root alone", async (t) => {
  const { signal } = t;
  const directory = await temporary(t);
  const at = (name: string): string => join(directory, name);
  await standInMedium(at("a.iso"), { ...(await standInBase(directory)), roomBytes: 2 ** 20, signal });
  await writePxeTree({ iso: at("a.iso"), out: at("tree"), http: null, say: () => undefined, signal });
  const own = (await stat(join(directory, "tree/initrd.img"))).size;
  for (const [from, place] of [
    ["iso", { iso: at("a.iso") }],
    ["pxe", { pxe: at("tree") }],
  ] as const) {
    await using parts = await openLiveParts(place);
    assert.equal(parts.version, "0.0.0");
    assert.match(parts.words, /^vsyscall=emulate .*quiet/);
    assert.ok(!parts.words.includes("p2v.medium"));
    await mkdir(at(from));
    await parts.writeKernel(at(`${from}/vmlinuz`), { signal });
    await parts.writeInitramfs(at(`${from}/initrd`), { more: MORE, signal });
    assert.equal((await stat(at(`${from}/initrd`))).mode & 0o777, 0o600);
    assert.deepEqual(await readFile(at(`${from}/vmlinuz`)), await readFile(at("tree/vmlinuz")));
    await mkdir(at(`${from}/out`));
    await run(["cpio", "--quiet", "-idm", "--no-absolute-filenames"], {
      cwd: at(`${from}/out`),
      input: await archiveIn(at(`${from}/initrd`)),
      signal,
    });
    assert.deepEqual(await readFile(at(`${from}/out/live/program.squashfs`)), await readFile(at("program")));
    const reader = new CpioReader();
    reader.push(await archiveIn(at(`${from}/initrd`)));
    assert.ok(reader.ended);
    assert.deepEqual([...reader.entries.keys()].slice(-2), ["cutover", "cutover/note.json"]);
    assert.ok((await stat(at(`${from}/initrd`))).size - own < 4096);
  }
});

/** Behind the medium's own initramfs, which is not one here. */
async function archiveIn(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  return bytes.subarray(bytes.indexOf("070701"));
}

test("what is no image of ours, and what was cut off, is said", async (t) => {
  const directory = await temporary(t);
  const at = (name: string): string => join(directory, name);
  await run(["truncate", "-s", "1M", at("zeros")]);
  await mkdir(at("empty"));
  for (const place of [{ iso: at("zeros") }, { iso: at("none") }, { pxe: at("empty") }])
    await assert.rejects(
      openLiveParts(place),
      (error) => error instanceof UserError && error.code === "live-parts-wrong",
    );
});
