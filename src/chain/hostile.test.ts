// SPDX-License-Identifier: Apache-2.0
// Whatever a guest's files are, the chain is walked to its end: what cannot be read is said in a link.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bootable, debian, judge } from "../../tests/support/guests/bootable.ts";

const MORE = [
  "/etc/crypttab",
  "/etc/netplan/1.yaml",
  "/etc/systemd/network/1.network",
  "/etc/mactab",
  "/etc/lilo.conf",
];
const MANY_LINES = "/dev/sdz9 /mnt ext4 defaults 0 0\n".repeat(150_000);
const HUGE = "x".repeat(17 * 2 ** 20);

const SPOILED: Readonly<Record<string, Bootable["files"][string]>> = {
  "many lines": MANY_LINES,
  "one line without an end": HUGE,
  "bytes of no text": "\0\u0001\u00ff\u00fe".repeat(10_000),
  nothing: "",
  "a link to itself": { link: "." },
};

for (const [name, file] of Object.entries(SPOILED))
  test(`each file in turn is ${name}: the chain is walked, and a VM without its fstab is not proven`, async () => {
    const paths = [...Object.keys(debian().files), ...MORE].filter((path) => !path.includes("/modules/"));
    for (const path of paths) {
      const system = debian();
      system.files[path] = file;
      const { links } = await judge(system).catch((error: unknown) => {
        throw new Error(`${path}: ${String(error)}`, { cause: error });
      });
      assert.ok(links.length > 5, path);
      if (path !== "/etc/fstab" || file !== MANY_LINES) continue;
      const mounts = links.find(({ place }) => place === "mounts");
      assert.equal(mounts?.verdict, "assumed");
    }
  });
