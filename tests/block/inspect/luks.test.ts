// SPDX-License-Identifier: Apache-2.0
// LUKS volumes opened with a key: what is in them, what of it must be sent. cryptsetup made the headers, QEMU reads LUKS1 too.
import assert from "node:assert/strict";
import { copyFile, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { type TestContext, test } from "node:test";
import {
  bytesOf,
  diskSegments,
  findNode,
  type LuksKey,
  rangesOf,
  Secret,
  UserError,
} from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/storage/index.ts";
import { readUsedMaps } from "../../../src/inspect/index.ts";
import { withInsides } from "../../../src/inspect/storage/luks/luks.ts";
import { openReader } from "../../../src/inspect/storage/reader.ts";
import { attachVolumes, mountGuest, openOverlay } from "../../../src/overlay/index.ts";
import { attachLoop, hasMapperTargets, run } from "../../../src/system/index.ts";
import { makeFilesystem } from "../../support/disks/filesystems.ts";
import { encryptVolume, type LuksOptions, PASSPHRASE } from "../../support/disks/luks.ts";
import { LVCREATE, lvm } from "../../support/disks/lvm.ts";
import { leavingNothing, never, sha256sum } from "../../support/disks/overlays.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

const anyKey = (secret: string | Uint8Array = PASSPHRASE, uuid: string | null = null): LuksKey => ({
  uuid,
  secret: new Secret(Buffer.from(secret)),
  title: "the key file",
});

/** An ext4 with a file, in a LUKS volume that is a whole disk. */
async function encryptedDisk(t: TestContext, options: LuksOptions): Promise<{ plain: string; luks: string }> {
  const directory = await temporary(t);
  const [plain, luks] = [join(directory, "plain"), join(directory, "luks.img")];
  await makeFilesystem(plain, {
    sizeBytes: 8 * MIB,
    scratch: directory,
    spec: { fs: "ext4", files: { "hello.txt": "what was hidden\n" } },
  });
  await encryptVolume({ path: plain, sizeBytes: 8 * MIB }, luks, options);
  return { plain, luks };
}

async function graphOf(t: TestContext, keys: readonly LuksKey[], ...paths: readonly string[]) {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  return { disks, ...(await readDiskGraph(disks, { keys, signal: t.signal })) };
}

const KINDS: Readonly<Record<string, LuksOptions>> = {
  "LUKS1 with AES-128": { type: "luks1", keyBits: 256 },
  "LUKS1 with CBC and ESSIV": { type: "luks1", cipher: "aes-cbc-essiv:sha256" },
  "LUKS2 with sectors of 4096 bytes": { type: "luks2", sectorBytes: 4096 },
};

for (const [name, options] of Object.entries(KINDS))
  test(`${name}: what is inside is read, and what it calls free is not needed`, async (t) => {
    const { plain, luks } = await encryptedDisk(t, options);
    const { graph, opened, problems } = await graphOf(t, [anyKey()], luks);
    assert.deepEqual(problems, []);
    const inside = "disk:1/luks/crypt";
    assert.deepEqual(
      opened.map(({ node, below }) => [node, below]),
      [[inside, "disk:1/luks"]],
    );
    const node = findNode(graph, `${inside}/fs`);
    assert.equal(node?.holds.kind === "filesystem" && node.holds.type, "ext4");
    assert.equal(node?.sizeBytes, 8 * MIB);
    assert.equal(node?.sectorBytes, options.sectorBytes ?? 512);
    assert.doesNotMatch(
      JSON.stringify({ graph, opened }) + inspect(opened, { depth: 9 }),
      /Uint8Array|Buffer/,
    );

    const sizeBytes = (await readFile(luks)).length;
    const views = new Map([[1, luks]]);
    const { maps, notes } = await readUsedMaps({ graph, views, opened, signal: t.signal });
    assert.deepEqual(notes, []);
    const map = maps.get(1);
    assert.ok(map && bytesOf(map, "unused") > 5 * MIB);
    // Without the key all is sent.
    const whole = await readUsedMaps({ graph, views, signal: t.signal });
    const all = whole.maps.get(1);
    assert.equal(all && bytesOf(all, "data"), sizeBytes);

    await using file = await open(luks, "r+");
    for (const { start, end } of rangesOf(map, "unused"))
      await file.write(Buffer.alloc(end - start, 0xa5), 0, end - start, start);
    await using disk = await openReader(luks, sizeBytes);
    const clear = withInsides(graph, new Map([["disk:1", disk]]), opened).get(inside);
    assert.ok(clear);
    const decrypted = `${plain}.again`;
    await writeFile(decrypted, "");
    await using out = await open(decrypted, "r+");
    for (let at = 0; at < clear.sizeBytes; at += 3 * MIB) {
      const bytes = await clear.read(at, 3 * MIB);
      await out.write(bytes, 0, bytes.length, at);
    }
    await run(["e2fsck", "-fn", decrypted]);
    assert.match((await run(["debugfs", "-R", "cat /hello.txt", decrypted])).stdout, /what was hidden/);
    const before = await readFile(plain);
    assert.deepEqual(Buffer.from(await clear.read(1000, 3000)), before.subarray(1000, 4000), "any offset");
    assert.equal((await clear.read(8 * MIB - 100, 4096)).length, 100, "cut at the end");
    assert.equal((await clear.read(8 * MIB, 4096)).length, 0);
  });

test("LUKS1 is read as QEMU reads it; the newline of an editor is not a part of a passphrase", async (t) => {
  const { plain, luks } = await encryptedDisk(t, { type: "luks1" });
  const [key, clear] = [`${luks}.key`, `${luks}.clear`];
  await writeFile(key, PASSPHRASE);
  const source = `driver=luks,key-secret=k,file.filename=${luks}`;
  const secret = ["--object", `secret,id=k,file=${key}`];
  await run(["qemu-img", "convert", ...secret, "--image-opts", source, "-O", "raw", clear]);
  assert.ok((await readFile(clear)).equals(await readFile(plain)));
  const { graph, opened } = await graphOf(t, [anyKey(`${PASSPHRASE}\n`)], luks);
  assert.equal(opened.length, 1);
  assert.equal(opened[0]?.passphrase?.reveal().length, PASSPHRASE.length);
  const where = diskSegments(graph, "disk:1/luks/crypt/fs");
  assert.equal(where.kind === "mapped" && where.segments[0]?.to, opened[0]?.format.payload.start);
});

test("a key that does not fit is said, by the volume's name; without a key it is copied whole", async (t) => {
  const uuid = "11111111-2222-4333-8444-555555555555";
  const { luks } = await encryptedDisk(t, { uuid });
  const second = `${luks}.2`;
  await copyFile(luks, second);
  await run(["cryptsetup", "luksUUID", "-q", "--uuid", uuid.replace(/^1/, "2"), second]);
  const refused = (code: string, words: RegExp) => (error: unknown) =>
    error instanceof UserError && error.code === code && words.test(error.message);
  await assert.rejects(graphOf(t, [anyKey("no")], luks), refused("luks-key-wrong", new RegExp(uuid)));
  await assert.rejects(graphOf(t, [anyKey("no", uuid)], luks), refused("luks-key-wrong", new RegExp(uuid)));
  const other = anyKey(PASSPHRASE, "99999999-2222-4333-8444-555555555555");
  await assert.rejects(graphOf(t, [other], luks), refused("luks-volume-missing", /99999999-/));

  const one = await graphOf(t, [anyKey(PASSPHRASE, uuid.toUpperCase())], luks, second);
  assert.deepEqual(
    one.opened.map(({ below }) => below),
    ["disk:1/luks"],
    "a key for one volume opens no other",
  );
  const none = await graphOf(t, [], luks);
  assert.deepEqual([none.opened, none.problems], [[], []]);
  assert.equal(findNode(none.graph, "disk:1/luks/crypt"), null);
});

test("a key of bytes that ends with a newline opens too, and is nothing to type", async (t) => {
  const passphrase = Uint8Array.from([0, 255, 10, 7, 10]);
  const { luks } = await encryptedDisk(t, { passphrase });
  const { opened } = await graphOf(t, [anyKey(passphrase)], luks);
  assert.equal(opened.length, 1);
  assert.equal(opened[0]?.passphrase, null);
});

/** A physical volume with one volume `vg0/root` of 12 MiB. `fill` gets its place in the image. */
async function makePv(image: string, fill: (place: { offset: number; sizeBytes: number }) => Promise<void>) {
  const sizeBytes = 24 * MIB;
  await writeFile(image, "");
  await truncate(image, sizeBytes);
  const place = { offset: 4 * MIB, sizeBytes: 12 * MIB };
  {
    await using loop = await attachLoop(image, { offset: 0, sizeBytes, readOnly: false });
    const create = ["pvcreate", "-y", "--dataalignment", "4m", loop.path];
    await lvm([loop.path], create);
    await lvm([loop.path], ["vgcreate", "vg0", loop.path]);
    await lvm([loop.path], [...LVCREATE, "-n", "root", "-L", "12M", "vg0"]);
  }
  await fill(place);
  return sizeBytes;
}

async function putAt(image: string, part: string, offset: number): Promise<void> {
  const copy = ["dd", `if=${part}`, `of=${image}`, "bs=1M", `seek=${offset / MIB}`, "conv=notrunc,sparse"];
  await run(copy);
}

/** Both ways people have LUKS: Debian's installer puts LVM into it; others encrypt single volumes. */
const NESTINGS: Readonly<Record<string, { node: string; make: (directory: string) => Promise<string> }>> = {
  "LVM in LUKS2": {
    node: "lv:vg0/root/fs",
    async make(directory) {
      const [pv, ext, luks] = ["pv", "ext", "luks.img"].map((name) => join(directory, name));
      assert.ok(pv && ext && luks);
      const sizeBytes = await makePv(pv, async ({ offset, sizeBytes: size }) => {
        await makeFilesystem(ext, { sizeBytes: size, scratch: directory, spec: { fs: "ext4" } });
        await putAt(pv, ext, offset);
      });
      await encryptVolume({ path: pv, sizeBytes }, luks, { type: "luks2" });
      return luks;
    },
  },
  "LUKS1 with CBC on LVM": {
    node: "lv:vg0/root/luks/crypt/fs",
    async make(directory) {
      const [pv, ext, luks] = ["pv.img", "ext", "luks"].map((name) => join(directory, name));
      assert.ok(pv && ext && luks);
      await makePv(pv, async ({ offset, sizeBytes }) => {
        const plain = { path: ext, sizeBytes: sizeBytes - 2 * MIB };
        await makeFilesystem(ext, { ...plain, scratch: directory, spec: { fs: "ext4" } });
        await encryptVolume(plain, luks, { type: "luks1", cipher: "aes-cbc-essiv:sha256" });
        await putAt(pv, luks, offset);
      });
      return pv;
    },
  },
};

for (const [name, { node, make }] of Object.entries(NESTINGS))
  test(`${name}: written on the overlay, it reads back; the source stays as it was`, async (t) => {
    const path = await make(await temporary(t));
    const before = await sha256sum(path);
    const { disks, graph, opened, problems } = await graphOf(t, [anyKey()], path);
    assert.deepEqual(problems, []);
    const [disk] = disks;
    assert.ok(disk);
    const content = Buffer.from("written through the cipher\n".repeat(50_000));
    await leavingNothing(async (storeDirectory) => {
      await using view = await openOverlay(disk, { storeDirectory, signal: never });
      const root = { node, type: "ext4" };
      const seen = async (views: Parameters<typeof attachVolumes>[0]["views"], readOnly: boolean) => {
        await using volumes = await attachVolumes({ graph, views, opened, readOnly, signal: never });
        await using tree = await mountGuest({ volumes, root, mounts: [], readOnly, signal: never });
        const file = join(tree.directory, "new");
        if (!readOnly) await writeFile(file, content);
        assert.ok((await readFile(file)).equals(content));
      };
      await seen([view], false);
      await seen([view], true);
      {
        await using closed = await attachVolumes({ graph, views: [view], readOnly: true, signal: never });
        const device = await closed.device(node);
        assert.match("unavailable" in device ? device.unavailable : "", /encrypted/);
      }
      const sealed = await view.seal({ signal: never });
      assert.ok(!(await readFile(sealed.path)).includes(content.subarray(0, 512)), "it lies encrypted");
      const views = new Map([[1, sealed.path]]);
      const { maps, notes } = await readUsedMaps({ graph, views, opened, signal: never });
      assert.deepEqual(notes, []);
      assert.ok(bytesOf(maps.get(1) ?? { size: 0, runs: [] }, "unused") > 5 * MIB);
    });
    assert.equal(await sha256sum(path), before);
  });

test("sectors of 4096 bytes need device-mapper to be written, and that is said", async (t) => {
  if (await hasMapperTargets(["crypt"]))
    return t.skip("this kernel has dm-crypt: tests/live/luks.test.ts judges it");
  const { luks } = await encryptedDisk(t, { sectorBytes: 4096 });
  const { disks, graph, opened } = await graphOf(t, [anyKey()], luks);
  const views = disks.map((disk) => ({ disk, path: disk.path }));
  await using volumes = await attachVolumes({ graph, views, opened, readOnly: true, signal: never });
  const device = await volumes.device("disk:1/luks/crypt/fs");
  assert.match("unavailable" in device ? device.unavailable : "", /sectors of 4096 bytes.*live CD/);
});
