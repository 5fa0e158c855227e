// SPDX-License-Identifier: Apache-2.0
// Several installed systems on the given disks: which one is converted follows from the disks, never from their order.
import assert from "node:assert/strict";
import { cp, open } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Preview } from "../../../src/core/index.ts";
import { cli } from "../../support/cli.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { temporary } from "../../support/temporary.ts";

const UUID = (letter: string): string => `${letter.repeat(8)}-1111-4222-8333-444444444444`;

type System = {
  readonly uuid: string;
  /** What its fstab and its menu name as root. Default: its own UUID. */
  readonly fstab?: string;
  readonly menu?: string;
  readonly bootCode?: boolean;
};

async function systemOn(t: TestContext, { uuid, bootCode = false, ...names }: System): Promise<string> {
  const { fstab = `UUID=${uuid}`, menu = `UUID=${uuid}` } = names;
  const disk = await makeDisk({
    boot: "none",
    table: "mbr",
    partitions: [
      {
        sizeMb: 8,
        fs: "ext4",
        uuid,
        files: {
          "/etc/os-release": `ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian ${uuid.slice(0, 2)}"\n`,
          "/etc/hostname": "web\n",
          "/etc/fstab": `${fstab} / ext4 defaults 0 1\n`,
          "/sbin/init": "x",
          "/boot/grub/grub.cfg": `linux /boot/vmlinuz-6.1 root=${menu} ro\nlinux /boot/old root=UUID=${UUID("f")} ro\n`,
          "/boot/vmlinuz-6.1": "x",
        },
      },
    ],
  });
  t.after(() => disk[Symbol.asyncDispose]());
  if (bootCode) {
    await using file = await open(disk.path, "r+");
    await file.write(Buffer.from([0xeb, 0x63, 0x90]), 0, 3, 0);
    await file.write(Buffer.from("GRUB \0Geom\0"), 0, 11, 384);
    await file.write(Buffer.from("loading"), 0, 7, 512);
  }
  return disk.path;
}

async function plan(t: TestContext, disks: readonly string[], ...more: readonly string[]) {
  const words = disks.flatMap((disk) => ["--disk", disk]);
  const { stdout, stderr } = await cli([
    "plan",
    ...words,
    "--to",
    `dir:${await temporary(t)}`,
    "--json",
    ...more,
  ]);
  assert.match(stdout, /"format": "plan\/1"/, stderr);
  const preview = JSON.parse(stdout) as Preview;
  const root = preview.intent.storage.nodes.find(({ id }) => id === preview.guest?.root)?.holds;
  const about = ["several-systems", "root-unclear", "system-twice"];
  return {
    root: root?.kind === "filesystem" ? root.uuid : null,
    codes: preview.problems.map(({ code }) => code).filter((code) => about.includes(code)),
    text: JSON.stringify(preview.problems),
  };
}

test("the system that starts is converted in each order of the disks: not an older one, not a copy of it", async (t) => {
  const own = await systemOn(t, { uuid: UUID("b"), bootCode: true });
  const older = await systemOn(t, { uuid: UUID("a") });
  const copied = await systemOn(t, {
    uuid: UUID("c"),
    fstab: `UUID=${UUID("b")}`,
    menu: `UUID=${UUID("b")}`,
  });
  for (const disks of [
    [own, older, copied],
    [copied, own, older],
    [older, copied, own],
  ]) {
    const { root, codes, text } = await plan(t, disks);
    assert.deepEqual([root, codes], [UUID("b"), ["several-systems"]]);
    assert.match(text, /the boot code on the disks leads to it/);
  }
  const asked = await plan(t, [own, older], "--root", UUID("a"));
  assert.deepEqual([asked.root, asked.codes], [UUID("a"), ["several-systems"]]);
});

test("where nothing tells two systems apart the plan stops, with the same question in each order", async (t) => {
  const names = { fstab: "/dev/sda1", menu: "/dev/sda1", bootCode: true };
  const [one, other] = [
    await systemOn(t, { uuid: UUID("a"), ...names }),
    await systemOn(t, { uuid: UUID("b"), ...names }),
  ];
  for (const disks of [
    [one, other],
    [other, one],
  ]) {
    const { root, codes, text } = await plan(t, disks);
    assert.deepEqual([root, codes], [UUID("a"), ["root-unclear"]], "the first by UUID, and the plan stops");
    assert.ok(text.includes(`--root ${UUID("a")}, or --root ${UUID("b")}`), text);
  }
  const wrong = await cli(["plan", "--disk", one, "--to", `dir:${await temporary(t)}`, "--root", UUID("d")]);
  assert.match(wrong.stderr, /no installed system on these disks[^]*aaaaaaaa-[^]*\[root-wrong\]/);
});

test("a clone beside its disk is one system twice, not two", async (t) => {
  const disk = await systemOn(t, { uuid: UUID("a"), bootCode: true });
  const clone = join(await temporary(t), "clone.img");
  await cp(disk, clone);
  const { codes, text } = await plan(t, [disk, clone]);
  assert.deepEqual(codes, ["system-twice"]);
  assert.match(text, /Give only the disk that is the right one/);
  assert.deepEqual((await plan(t, [disk, clone], "--root", "disk:2/part:1/fs")).codes, ["several-systems"]);
});
