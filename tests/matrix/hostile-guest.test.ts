// SPDX-License-Identifier: Apache-2.0
// Every directory of a guest turned into a way out, every file into something else, and files without end: through the real
// command, which ends soon, says what it met, and touches nothing around the guest.
import assert from "node:assert/strict";
import { mkdir, open, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { run } from "../../src/system/index.ts";
import { convertHarmlessly, FILES, limits } from "../support/guests/hostile-checks.ts";
import { replaceBy, TARGETS, useHostile } from "../support/guests/hostile-guest.ts";

test("links out by way of other links, and links in circles", limits, async (t) => {
  const guest = await useHostile(t, {
    plant: async (root, outside) => {
      await symlink(outside.path, join(root, "way"));
      await symlink("way/../../../way", join(root, "longer"));
      for (const [index, path] of FILES.entries())
        await replaceBy(root + path, (at) =>
          symlink(
            index % 3 === 0 ? `/longer${path}` : index % 3 === 1 ? basename(path) : `../..${path}/.`,
            at,
          ),
        );
    },
  });
  await convertHarmlessly(t, guest);
});

/** Directories of the files at a depth: /etc/lvm is at 2. */
const parentsAt = (depth: number): readonly string[] => [
  ...new Set(
    FILES.flatMap((path) => {
      const names = path.split("/").slice(1, -1);
      return names.length >= depth ? [`/${names.slice(0, depth).join("/")}`] : [];
    }),
  ),
];

for (const depth of [2, 3])
  test(`every directory at depth ${depth} a symbolic link out of the root`, limits, async (t) => {
    const guest = await useHostile(t, {
      plant: async (root, outside) => {
        for (const [index, path] of parentsAt(depth).entries())
          await replaceBy(root + path, (at) =>
            symlink(index % 2 === 0 ? outside.path + path : outside.relative(outside.path + path), at),
          );
      },
    });
    await convertHarmlessly(t, guest);
  });

for (const path of ["/etc", "/boot", "/lib", "/usr", "/var", "/proc", "/dev", "/sys", "/tmp"])
  test(`${path} a symbolic link out of the root`, limits, async (t) => {
    const guest = await useHostile(t, {
      plant: async (root, outside) => {
        await replaceBy(root + path, (at) =>
          symlink(path.length % 2 === 0 ? outside.path + path : outside.relative(outside.path + path), at),
        );
      },
    });
    await convertHarmlessly(t, guest);
  });

for (const [what, make] of [
  ["a fifo", (at: string) => run(["mkfifo", at])],
  ["a disk's device node", (at: string) => run(["mknod", at, "b", "7", "0"])],
  ["a character device", (at: string) => run(["mknod", at, "c", "1", "5"])], // /dev/zero: no end
  ["a directory", (at: string) => mkdir(at)],
  ["a huge sparse file", (at: string) => makeSparse(at)],
] as const)
  test(`every file ${what}`, limits, async (t) => {
    const guest = await useHostile(t, {
      plant: async (root) => {
        for (const path of FILES) await replaceBy(root + path, make);
      },
    });
    const begun = performance.now();
    const ended = await convertHarmlessly(t, guest);
    assert.ok(performance.now() - begun < 60_000);
    assert.ok(ended.peakBytes < 512 * 2 ** 20, `${ended.peakBytes}`);
  });

async function makeSparse(at: string): Promise<void> {
  await using file = await open(at, "wx");
  await file.truncate(2 ** 41);
}

for (const path of ["/etc", "/boot", "/lib/modules", "/etc/lvm", "/etc/udev", "/boot/grub"])
  test(`${path} a file`, limits, async (t) => {
    const guest = await useHostile(t, {
      plant: (root) => replaceBy(root + path, (at) => writeFile(at, "nonsense\n")),
    });
    const ended = await convertHarmlessly(t, guest);
    if (path === "/etc") assert.match(ended.stderr, /^virt-p2v: \/etc in the guest is not a directory/m);
  });

test("an fstab of 100,000 lines", limits, async (t) => {
  const lines = Array.from(
    { length: 100_000 },
    (_, index) => `/dev/sd${index} /m${index} ext4 defaults 0 0\n`,
  );
  const guest = await useHostile(t, {
    plant: (root) => writeFile(join(root, "etc/fstab"), `${TARGETS["/etc/fstab"]}${lines.join("")}`),
  });
  const begun = performance.now();
  const ended = await convertHarmlessly(t, guest);
  assert.ok(performance.now() - begun < 60_000);
  assert.ok(ended.peakBytes < 512 * 2 ** 20, `${ended.peakBytes}`);
  assert.match(ended.stderr + JSON.stringify(ended.said?.problems), /fstab is larger than any real one/);
});

test("a grub.cfg of 50 MB", limits, async (t) => {
  const menu = TARGETS["/boot/grub/grub.cfg"] ?? "";
  const guest = await useHostile(t, {
    sizeMb: 160,
    plant: (root) =>
      writeFile(join(root, "boot/grub/grub.cfg"), menu.repeat(Math.ceil((50 * 2 ** 20) / menu.length))),
  });
  const begun = performance.now();
  const ended = await convertHarmlessly(t, guest);
  assert.ok(performance.now() - begun < 60_000);
  assert.ok(ended.peakBytes < 512 * 2 ** 20, `${ended.peakBytes}`);
  assert.match(ended.stderr + JSON.stringify(ended.said?.problems), /grub\.cfg in the guest is larger than/);
});
