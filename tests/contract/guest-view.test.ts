// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Blobs, Change, FileState } from "../../src/core/index.ts";
import { directoryView, layeredView, memoryView, run } from "../../src/system/index.ts";
import { FILES, guestViewContract } from "./guest-view.ts";
import { scratch, temporary } from "../support/temporary.ts";

async function makeDirectory(top: string): Promise<string> {
  const root = join(top, "root");
  await mkdir(root);
  for (const [path, file] of Object.entries(FILES)) {
    const at = join(root, path);
    await mkdir(dirname(at), { recursive: true });
    if (typeof file === "string" || file instanceof Uint8Array) await writeFile(at, file);
    else if ("link" in file) await symlink(file.link, at);
    else if ("content" in file) {
      await writeFile(at, file.content);
      await chmod(at, file.mode ?? 0o644);
    } else await mkdir(at, { recursive: true });
  }
  return root;
}

const nothing = (): Promise<void> => Promise.resolve();

guestViewContract("memoryView()", () => Promise.resolve({ view: memoryView(FILES), dispose: nothing }));

guestViewContract("directoryView()", async () => {
  const top = await scratch();
  const view = directoryView(await makeDirectory(top.path));
  return { view, dispose: async () => top[Symbol.asyncDispose]() };
});

const attributes = { mode: 0o644, uid: 0, gid: 0, xattrs: {} };

function change(path: string, after: FileState): Change {
  return { step: "test", why: "test", path, before: { kind: "absent" }, after };
}

function memoryBlobs(): Blobs & { bytes(text: string): FileState } {
  const kept = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array): string => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    kept.set(sha256, bytes);
    return sha256;
  };
  const missing = (): Promise<never> => Promise.reject(new Error("not in memory"));
  return {
    put: (bytes) => Promise.resolve(put(bytes)),
    putFile: missing,
    path: missing,
    get: (sha256) => Promise.resolve(kept.get(sha256) ?? Buffer.from("missing")),
    bytes: (text) => ({
      kind: "bytes",
      sha256: put(Buffer.from(text)),
      sizeBytes: text.length,
      ...attributes,
    }),
  };
}

guestViewContract("layeredView()", () => {
  // The same guest, half of it from changes: new files, replaced ones, and one that is removed.
  const blobs = memoryBlobs();
  const { "/etc/fstab": _, "/usr/lib/os-release": __, ...rest } = FILES;
  const base = memoryView({ ...rest, "/etc/fstab": "old", "/etc/gone": "gone" });
  const view = layeredView(base, blobs, [
    change("/etc/gone", { kind: "absent" }),
    change("/etc/fstab", blobs.bytes("between")),
    change("/etc/fstab", blobs.bytes("UUID=1 / ext4\n")),
    change("/usr/lib/os-release", blobs.bytes("ID=debian\n")),
  ]);
  return Promise.resolve({ view, dispose: nothing });
});

test("directoryView() never opens a fifo", async (t) => {
  const root = await makeDirectory(await temporary(t));
  await run(["mkfifo", join(root, "fifo")]);
  assert.equal(await directoryView(root).read("/fifo"), null);
});

test("directoryView() tells extended attributes in base64", async (t) => {
  const root = await makeDirectory(await temporary(t));
  await run(["setfattr", "--name=user.p2v", "--value=a\\000b", join(root, "etc/fstab")]);
  const state = await directoryView(root).state("/etc/fstab");
  assert.deepEqual(state.kind === "bytes" && state.xattrs, {
    "user.p2v": Buffer.from("a\0b").toString("base64"),
  });
});
