// SPDX-License-Identifier: Apache-2.0
// The one writer: nothing outside the root, nothing that changed meanwhile, links and owners kept, all of it undone.
import assert from "node:assert/strict";
import { chmod, link, lstat, mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Blobs, Change, FileState } from "../../core/index.ts";
import { directoryView } from "../../system/index.ts";
import { applyChanges, undoChanges } from "./apply.ts";
import { openBlobs } from "./blobs.ts";
import { temporary } from "../../../tests/support/temporary.ts";

type Guest = { readonly root: string; readonly outside: string; readonly blobs: Blobs };

async function makeGuest(t: TestContext): Promise<Guest> {
  const directory = await temporary(t);
  const [root, outside] = [join(directory, "root"), join(directory, "outside")];
  await mkdir(join(root, "etc"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(root, "etc/fstab"), "old\n", { mode: 0o640 });
  return { root, outside, blobs: await openBlobs(join(directory, "blobs")) };
}

async function change({ root, blobs }: Guest, path: string, text: string | null): Promise<Change> {
  const before = await directoryView(root).state(path);
  if (before.kind === "bytes") await blobs.putFile(root + path);
  const attributes = before.kind === "bytes" ? before : { mode: 0o644, uid: 0, gid: 0, xattrs: {} };
  const { mode, xattrs } = attributes;
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const after: FileState =
    text === null
      ? { kind: "absent" }
      : {
          kind: "bytes",
          mode,
          xattrs,
          ...owner,
          sha256: await blobs.put(Buffer.from(text)),
          sizeBytes: text.length,
        };
  return { step: "test", why: "test", path, before, after };
}

const signal = new AbortController().signal;

test("applyChanges() writes, makes directories and removes; undoChanges() takes all of it back", async (t) => {
  const guest = await makeGuest(t);
  const { root, blobs } = guest;
  await writeFile(join(root, "etc/gone"), "gone\n");
  const changes = [
    await change(guest, "/etc/fstab", "new\n"),
    await change(guest, "/etc/systemd/network/10.link", "link\n"),
    await change(guest, "/etc/gone", null),
  ];
  const made = await applyChanges(changes, { root, blobs, signal });
  assert.deepEqual(made, ["/etc/systemd", "/etc/systemd/network"]);
  assert.equal(await readFile(join(root, "etc/fstab"), "utf8"), "new\n");
  assert.equal((await lstat(join(root, "etc/fstab"))).mode & 0o7777, 0o640);
  assert.equal(await readFile(join(root, "etc/systemd/network/10.link"), "utf8"), "link\n");
  assert.deepEqual(await readdir(join(root, "etc")), ["fstab", "systemd"]);
  await undoChanges(changes, { root, blobs, signal, made });
  assert.equal(await readFile(join(root, "etc/fstab"), "utf8"), "old\n");
  assert.equal(await readFile(join(root, "etc/gone"), "utf8"), "gone\n");
  assert.deepEqual((await readdir(join(root, "etc"))).toSorted(), ["fstab", "gone"]);
});

test("undoChanges() leaves a directory in which something else is by now, and follows no link to remove one", async (t) => {
  const guest = await makeGuest(t);
  const { root, outside, blobs } = guest;
  const changes = [await change(guest, "/etc/a/b/new", "new\n"), await change(guest, "/etc/c/new", "new\n")];
  const made = await applyChanges(changes, { root, blobs, signal });
  await writeFile(join(root, "etc/a/mine"), "mine\n");
  await undoChanges(changes, { root, blobs, signal, made });
  assert.deepEqual(await readdir(join(root, "etc/a")), ["mine"]);
  assert.deepEqual((await readdir(join(root, "etc"))).toSorted(), ["a", "fstab"]);
  await mkdir(join(outside, "victim"));
  await symlink(outside, join(root, "etc/link"));
  await assert.rejects(
    undoChanges([], { root, blobs, signal, made: ["/etc/link/victim"] }),
    /link or a file/,
  );
  assert.deepEqual(await readdir(outside), ["victim"]);
});

test("applyChanges() refuses, before it writes anything, what is not as it was", async (t) => {
  const guest = await makeGuest(t);
  const { root, blobs } = guest;
  const changes = [await change(guest, "/etc/new", "new\n"), await change(guest, "/etc/fstab", "new\n")];
  await writeFile(join(root, "etc/fstab"), "meanwhile\n");
  await assert.rejects(applyChanges(changes, { root, blobs, signal }), { code: "guest-changed" });
  assert.deepEqual(await readdir(join(root, "etc")), ["fstab"]);
});

test("applyChanges() keeps hard links together", async (t) => {
  const guest = await makeGuest(t);
  const { root, blobs } = guest;
  await link(join(root, "etc/fstab"), join(root, "etc/fstab.twin"));
  await applyChanges([await change(guest, "/etc/fstab", "new\n")], { root, blobs, signal });
  assert.equal(await readFile(join(root, "etc/fstab.twin"), "utf8"), "new\n");
  assert.equal((await lstat(join(root, "etc/fstab"))).nlink, 2);
});

test("applyChanges() never follows a link out of the root, in any parent", async (t) => {
  for (const target of ["absolute", "relative"] as const) {
    const guest = await makeGuest(t);
    const { root, outside, blobs } = guest;
    const changes = [await change(guest, "/etc/sub/dir/file", "new\n")];
    await symlink(target === "absolute" ? outside : "../../outside", join(root, "etc/sub"));
    await assert.rejects(applyChanges(changes, { root, blobs, signal }), /guest/);
    assert.deepEqual(await readdir(outside), []);
  }
});

test("applyChanges() replaces a link at the path itself only when the plan saw that link", async (t) => {
  const guest = await makeGuest(t);
  const { root, outside, blobs } = guest;
  const changes = [await change(guest, "/etc/new", "new\n")];
  await writeFile(join(outside, "victim"), "safe\n");
  await symlink(join(outside, "victim"), join(root, "etc/new"));
  await assert.rejects(applyChanges(changes, { root, blobs, signal }), { code: "guest-changed" });
  assert.equal(await readFile(join(outside, "victim"), "utf8"), "safe\n");
});

test("applyChanges() refuses paths with dots", async (t) => {
  const guest = await makeGuest(t);
  const { root, blobs } = guest;
  const good = await change(guest, "/etc/x", "new\n");
  for (const path of ["/etc/../../x", "etc/x", "/", "/etc//x", "/./x"])
    await assert.rejects(applyChanges([{ ...good, path }], { root, blobs, signal }), TypeError);
});

test("the set-user-ID bit survives", async (t) => {
  const guest = await makeGuest(t);
  const { root, blobs } = guest;
  await chmod(join(root, "etc/fstab"), 0o4755);
  await applyChanges([await change(guest, "/etc/fstab", "new\n")], { root, blobs, signal });
  assert.equal((await lstat(join(root, "etc/fstab"))).mode & 0o7777, 0o4755);
});
