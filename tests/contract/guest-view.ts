// SPDX-License-Identifier: Apache-2.0
// What every GuestView does, the real one and the fake alike.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { GuestView } from "../../src/core/index.ts";
import type { MemoryFile } from "../../src/system/index.ts";

/** Views are made of these files; `outside` is what a link that breaks out would reach. */
export const FILES: Readonly<Record<string, MemoryFile>> = {
  "/etc/fstab": "UUID=1 / ext4\n",
  "/etc/hostname": { content: "aurora\n", mode: 0o600 },
  "/etc/mtab": { link: "../proc/self/mounts" },
  "/etc/os-release": { link: "../usr/lib/os-release" },
  "/usr/lib/os-release": "ID=debian\n",
  "/lib": { link: "usr/lib" },
  "/absolute": { link: "/etc/fstab" },
  "/climber": { link: "../../../../../../../etc/fstab" },
  "/dir-climber": { link: "/../../etc" },
  "/loop-a": { link: "loop-b" },
  "/loop-b": { link: "loop-a" },
  "/self": { link: "self/self" },
  "/empty": { directory: true },
  "/host-secret": { link: "/p2v-outside-secret" },
};

const text = (view: GuestView, path: string): Promise<string | null> => view.readText(path);

export function guestViewContract(
  name: string,
  make: () => Promise<{ view: GuestView; dispose(): Promise<void> }>,
): void {
  const check = (what: string, body: (view: GuestView) => Promise<void>): void => {
    test(`${name} ${what}`, async () => {
      const made = await make();
      try {
        await body(made.view);
      } finally {
        await made.dispose();
      }
    });
  };

  check("reads files and follows links inside the root", async (view) => {
    assert.equal(await text(view, "/etc/fstab"), "UUID=1 / ext4\n");
    assert.equal(await text(view, "/etc/os-release"), "ID=debian\n");
    assert.equal(await text(view, "/lib/os-release"), "ID=debian\n");
    assert.equal(await text(view, "//etc/./../etc/fstab"), "UUID=1 / ext4\n");
    assert.equal(await view.resolve("/lib/os-release"), "/usr/lib/os-release");
    assert.equal(await view.resolve("/"), "/");
  });

  check("takes absolute links and .. as a chroot does, never out of the root", async (view) => {
    for (const path of ["/absolute", "/climber", "/dir-climber/fstab", "/../../etc/fstab"])
      assert.equal(await text(view, path), "UUID=1 / ext4\n", path);
    assert.equal(await text(view, "/host-secret"), null);
  });

  check("gives null for what is not there, for loops and for directories", async (view) => {
    for (const path of [
      "/nothing",
      "/etc/fstab/below",
      "/loop-a",
      "/self",
      "/etc/mtab",
      "/etc",
      "/a\0b",
      `/${"x".repeat(5000)}`,
    ])
      assert.equal(await view.read(path), null, path.slice(0, 20));
    assert.equal(await view.resolve("/loop-a"), null);
  });

  check("lists directories sorted, and nothing where there is none", async (view) => {
    assert.deepEqual(await view.list("/etc"), ["fstab", "hostname", "mtab", "os-release"]);
    assert.deepEqual(await view.list("/lib"), ["os-release"]);
    for (const path of ["/empty", "/nothing", "/etc/fstab"]) assert.deepEqual(await view.list(path), []);
  });

  check("tells the state of exactly this path", async (view) => {
    const fstab = await view.state("/etc/fstab");
    assert.equal(fstab.kind, "bytes");
    assert.equal(
      fstab.kind === "bytes" && fstab.sha256,
      createHash("sha256").update("UUID=1 / ext4\n").digest("hex"),
    );
    const hostname = await view.state("/etc/hostname");
    assert.equal(hostname.kind === "bytes" && hostname.mode, 0o600);
    const link = await view.state("/etc/os-release");
    assert.equal(link.kind === "link" && link.target, "../usr/lib/os-release");
    assert.equal((await view.state("/lib/os-release")).kind, "bytes");
    assert.equal((await view.state("/etc")).kind, "directory");
    assert.deepEqual(await view.state("/etc/nothing"), { kind: "absent" });
  });

  check("bounds what it reads", async (view) => {
    await assert.rejects(view.read("/etc/fstab", { maxBytes: 3 }), RangeError);
  });
}
