// SPDX-License-Identifier: Apache-2.0
// Hostile guests: files without bound, files in place of directories, links out of the root. A word, and no crash.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear } from "../../../tests/support/growth.ts";
import { fakeGuest, propose, textAfter } from "../../../tests/support/guests/convert-guest.ts";
import { DEMO_FILES, testIntent } from "../../../tests/support/guests/sample-guest.ts";

test("an fstab of 8000 lines is converted in linear time", async (t) => {
  await assertLinear("fstab", async (scale) => {
    const length = 2000 * scale;
    const lines = Array.from({ length }, (_, index) => `/dev/sda1 /mnt/${index} ext4 defaults 0 0\n`);
    const guest = await fakeGuest(t, { files: { ...DEMO_FILES, "/etc/fstab": lines.join("") } });
    const { changes } = await propose(guest);
    assert.equal((await textAfter(changes, "/etc/fstab", guest.blobs)).match(/^UUID=/gm)?.length, length);
  });
});

test("10,000 lines that name lost disks give twenty words at most", async (t) => {
  const lines = Array.from(
    { length: 10_000 },
    (_, index) => `/dev/sdz${index % 99} /mnt/${index} ext4 defaults 0 0\n`,
  );
  const guest = await fakeGuest(t, { files: { ...DEMO_FILES, "/etc/fstab": lines.join("") } });
  const { problems } = await propose(guest);
  const lost = problems.filter((problem) => problem.code === "fstab-not-given");
  assert.equal(lost.length, 20);
  assert.deepEqual(
    problems.filter((problem) => !lost.includes(problem)).map(({ code }) => code),
    ["step-offered"],
  );
});

test("a grub.cfg of 9 MB stops with a clear word", async (t) => {
  const guest = await fakeGuest(t, {
    files: {
      ...DEMO_FILES,
      "/boot/grub/grub.cfg": Buffer.alloc(9_000_000, "linux /vmlinuz root=/dev/sda1\n"),
    },
  });
  const { problems } = await propose(guest);
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [
      ["file-too-large", "stops"],
      ["file-too-large", "warns"],
    ],
  );
  assert.match(String(problems[0]?.text), /^\/boot\/grub\/grub\.cfg in the guest is larger than 8\.0 MiB/);
});

test("lines without end do not take quadratic time", async (t) => {
  await assertLinear("propose", async (scale) => {
    await propose(await fakeGuest(t, { files: { ...DEMO_FILES, ...endlessLines(scale) } }));
  });
});

function endlessLines(scale: 1 | 4): Readonly<Record<string, string>> {
  const blanks = " ".repeat(8000 * scale);
  const many = 1000 * scale;
  return {
    "/etc/fstab": `/dev/sda1${blanks}`,
    "/etc/default/grub": `GRUB_CMDLINE_LINUX=${blanks}x\n${"GRUB_CMDLINE_LINUX".repeat(many)}`,
    "/boot/grub/grub.cfg": `linux /vmlinuz${blanks}root=/dev/sda1${blanks}\n${"linux ".repeat(many)}`,
    "/etc/initramfs-tools/modules": blanks,
    "/etc/udev/rules.d/70-persistent-net.rules": `${'ATTR{address}=="'.repeat(many)}\n NAME${blanks}`,
    "/etc/systemd/network/10-x.link": `Name=${blanks}x\n`,
    "/etc/crypttab": `x${blanks}/dev/sda1${blanks}`,
    "/boot/grub/device.map": `(hd0)${blanks}\n${"(hd".repeat(many)}`,
    "/var/cache/debconf/config.dat": `Name: grub-pc/install_devices\n${blanks}`,
  };
}

test("an /etc that is a file, a guest without anything, and links in circles are survived", async (t) => {
  const { "/boot/grub/grub.cfg": menu = "" } = DEMO_FILES;
  for (const files of [
    { "/etc": "a file", "/boot/grub/grub.cfg": menu },
    {},
    { "/etc": { link: "/etc" }, "/boot": { link: "../../../../boot" } },
    { "/etc/systemd/network": { link: "/etc/systemd/network" }, "/etc/fstab": { link: "/etc/fstab" } },
  ]) {
    const { changes, problems } = await propose(await fakeGuest(t, { files }));
    assert.equal(
      problems.some((problem) => problem.code === "kernel-without-drivers"),
      false,
      "nothing is known of its kernel's modules",
    );
    assert.equal(
      changes.some((change) => change.path.includes("..")),
      false,
    );
  }
});

test("names of cards that could carry more than a name are refused, and nothing of them is written", async (t) => {
  const nics = [
    { name: 'x"; RUN+="/bin/sh', mac: "52:54:00:00:00:01", origin: "guest" as const },
    { name: "../../x", mac: "52:54:00:00:00:02", origin: "guest" as const },
    { name: "eth0", mac: "52:54:00:00:00:03\nRUN", origin: "guest" as const },
  ];
  const guest = await fakeGuest(t, { intent: { ...testIntent(), nics } });
  const { changes, problems } = await propose(guest);
  assert.deepEqual(
    problems.map((problem) => problem.code),
    ["nic-not-pinned", "nic-not-pinned", "nic-not-pinned"],
  );
  assert.equal(
    changes.some((change) => /udev|\.link/.test(change.path)),
    false,
  );
});

test("a kernel's release that is a path is not followed", async (t) => {
  const base = await fakeGuest(t);
  const kernels = [{ version: "../../etc", image: "/boot/x", initramfs: "/boot/y", bootable: true, has: {} }];
  const { problems } = await propose({ ...base, guest: { ...base.guest, kernels } });
  assert.deepEqual(base.built, []);
  assert.equal(
    problems.some((problem) => problem.code === "kernel-without-drivers"),
    false,
    "nothing is known of its modules",
  );
});

test("a file beyond every bound stops the step that needs it, with a word", async (t) => {
  const dep = "/lib/modules/6.1.0-18-amd64/modules.dep";
  const guest = await fakeGuest(t, { files: { ...DEMO_FILES, [dep]: Buffer.alloc(20 * 2 ** 20, "a: b\n") } });
  const { problems } = await propose(guest);
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [
      ["guest-out-of-bounds", "stops"],
      ["guest-out-of-bounds", "stops"],
      ["guest-out-of-bounds", "stops"],
    ],
  );
});
