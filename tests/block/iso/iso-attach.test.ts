// SPDX-License-Identifier: Apache-2.0
// iso attach and iso pxe on a stand-in medium: only the room changes, what is in it is whole, and the network tree has it too.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../src/core/index.ts";
import { fillRoom, findRoom, HEADER_BYTES } from "../../../src/iso/attached.ts";
import { attachToIso, writePxeTree } from "../../../src/iso/index.ts";
import { run } from "../../../src/system/index.ts";
import { fileOnIso, standInBase, standInMedium } from "../../support/vms/stand-in-medium.ts";
import { temporary } from "../../support/temporary.ts";

const ROOM = 8 * 2 ** 20;

async function medium(t: TestContext): Promise<{ directory: string; iso: string }> {
  const directory = await temporary(t);
  const iso = join(directory, "old.iso");
  await standInMedium(iso, { ...(await standInBase(directory)), roomBytes: ROOM, signal: t.signal });
  return { directory, iso };
}

const attach = (
  t: TestContext,
  given: { iso: string; out: string; version: string; extras?: string; answers?: string },
) =>
  attachToIso({
    sshKey: null,
    extras: null,
    answers: null,
    ...given,
    say: () => undefined,
    signal: t.signal,
  });

async function listing(iso: string, t: TestContext): Promise<string> {
  const room = await findRoom(iso, t.signal);
  const at = `${room.offset + HEADER_BYTES}`;
  return (await run(["unsquashfs", "-ls", "-offset", at, iso])).stdout;
}

test("iso attach changes the room and nothing else, and keeps extras of before", async (t) => {
  const { directory, iso } = await medium(t);
  const extras = join(directory, "extras/rhel/5/x86_64");
  await mkdir(extras, { recursive: true });
  await writeFile(join(extras, "kmod-virtio.rpm"), "rpm");
  const answers = join(directory, "answers.yaml");
  await writeFile(answers, "defaults: { name: web }\n");
  const first = join(directory, "first.iso");
  const made = await attach(t, {
    iso,
    out: first,
    version: "9.8.7",
    extras: join(directory, "extras"),
    answers,
  });
  assert.equal(made.version, "9.8.7");

  const [before, after] = await Promise.all([readFile(iso), readFile(first)]);
  const { offset, sizeBytes, header } = await findRoom(first, t.signal);
  assert.equal(sizeBytes, ROOM);
  assert.ok(before.subarray(0, offset).equals(after.subarray(0, offset)));
  assert.ok(before.subarray(offset + sizeBytes).equals(after.subarray(offset + sizeBytes)));
  assert.equal(before.length, after.length);
  assert.equal(header.version, "9.8.7");
  const squashfs = after.subarray(offset + HEADER_BYTES, offset + HEADER_BYTES + header.length);
  assert.equal(createHash("sha256").update(squashfs).digest("hex"), header.sha256);
  assert.match(await listing(first, t), /usr\/lib\/virt-p2v\/extras\/rhel\/5\/x86_64\/kmod-virtio\.rpm/);
  // Node is there already.
  assert.doesNotMatch(await listing(first, t), /virt-p2v\/node\n/);

  const second = join(directory, "second.iso");
  await writeFile(answers, "defaults: { name: db }\n");
  await attach(t, { iso: first, out: second, version: "9.9.0", answers });
  assert.match(await listing(second, t), /kmod-virtio\.rpm/);
  const room = await findRoom(second, t.signal);
  assert.equal(room.header.version, "9.9.0");
  const tree = join(directory, "tree");
  await run([
    "unsquashfs",
    "-no-xattrs",
    "-dest",
    tree,
    "-offset",
    `${room.offset + HEADER_BYTES}`,
    second,
    "etc/virt-p2v/answers.yaml",
  ]);
  assert.equal(await readFile(join(tree, "etc/virt-p2v/answers.yaml"), "utf8"), "defaults: { name: db }\n");
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.startsWith(".p2v")),
    [],
  );
});

test("what cannot be attached is refused, and no image is left behind", async (t) => {
  const { directory, iso } = await medium(t);
  const out = join(directory, "new.iso");
  const code = (wanted: string) => (error: unknown) => error instanceof UserError && error.code === wanted;
  const extras = join(directory, "extras");
  await mkdir(extras);
  await run(["dd", "if=/dev/urandom", `of=${join(extras, "big")}`, "bs=1M", "count=9", "status=none"]);
  await assert.rejects(attach(t, { iso, out, version: "1.0.0", extras }), code("iso-room-too-small"));
  const text = join(directory, "text");
  await writeFile(text, "no image\n");
  await assert.rejects(attach(t, { iso: text, out, version: "1.0.0" }), code("iso-without-room"));
  await assert.rejects(
    attach(t, { iso: join(directory, "gone.iso"), out, version: "1.0.0" }),
    code("iso-unreadable"),
  );
  const bare = join(directory, "bare.iso");
  await run(["xorriso", "-as", "mkisofs", "-quiet", "-o", bare, extras]);
  await assert.rejects(attach(t, { iso: bare, out, version: "1.0.0" }), code("iso-without-room"));
  assert.equal(await stat(out).catch(() => null), null);
});

test("the network tree has all parts of the live system in its initramfs, sizes first", async (t) => {
  const { directory, iso } = await medium(t);
  const room = await findRoom(iso, t.signal);
  const squashfs = join(directory, "attached");
  await writeFile(squashfs, Buffer.alloc(8192, 7));
  await fillRoom(iso, room, { squashfs, version: "2.0.0" });
  const out = join(directory, "pxe");
  const options = { iso, out, say: () => undefined, signal: t.signal };
  await writePxeTree({ ...options, http: "http://boot.example.org:8080/p2v" });
  const initramfs = await readFile(join(out, "initrd.img"));
  const own = await fileOnIso(iso, "/live/initrd.img", join(directory, "own"));
  const start = 4 * Math.ceil(own.length / 4);
  assert.ok(initramfs.subarray(0, own.length).equals(own));
  const unpacked = join(directory, "unpacked");
  await mkdir(unpacked);
  const input = initramfs.subarray(start);
  await run(["cpio", "--quiet", "--extract"], { cwd: unpacked, input });
  assert.deepEqual((await run(["cpio", "--quiet", "-t"], { input })).stdout.split("\n").slice(0, 2), [
    "live",
    "live/sizes",
  ]);
  for (const line of (await readFile(join(unpacked, "live/sizes"), "utf8")).trim().split("\n")) {
    const [size, name = ""] = line.split(" ");
    assert.equal((await stat(join(unpacked, "live", name))).size, Number(size));
  }
  assert.equal((await stat(join(unpacked, "live/attached"))).size, HEADER_BYTES + 8192);
  const texts = ["virt-p2v.ipxe", "grub/grub.cfg", "pxelinux.cfg/default"];
  for (const name of texts) {
    const text = await readFile(join(out, name), "utf8");
    assert.match(text, /boot\.example\.org:8080[)]?\/p2v\/initrd\.img/, name);
    assert.match(text, /vsyscall=emulate/, name);
    assert.doesNotMatch(text, /p2v\.medium|[@$]/, name);
  }
  // Again, over the tree that is there; and by TFTP alone.
  await writePxeTree({ ...options, http: null });
  for (const name of texts) assert.doesNotMatch(await readFile(join(out, name), "utf8"), /http/, name);
  await assert.rejects(
    writePxeTree({ ...options, http: "https://boot.example.org/" }),
    (error) => error instanceof UserError && error.code === "http-wrong",
  );
});
