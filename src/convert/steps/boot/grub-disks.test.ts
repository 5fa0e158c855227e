// SPDX-License-Identifier: Apache-2.0
// GRUB's own names of disks: what the VM's first disk is, what a search by UUID finds, and what stays and is reported.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import {
  DEMO_FILES,
  diskGraph,
  ROOT_UUID,
  testGuestOS,
  testIntent,
} from "../../../../tests/support/guests/sample-guest.ts";
import { layeredView } from "../../../system/index.ts";
import { grubDisks } from "./grub-disks.ts";

type Converted = { readonly text: string; readonly codes: readonly string[] };

async function convert(t: TestContext, path: string, text: string): Promise<Converted> {
  const guest = await fakeGuest(t, { files: { ...DEMO_FILES, "/boot/vmlinuz-1": "k", [path]: text } });
  const { changes, problems } = await proposeStep(grubDisks, guest);
  const view = layeredView(guest.view, guest.blobs, changes);
  assert.deepEqual((await proposeStep(grubDisks, { ...guest, view })).changes, [], "twice is once");
  return { text: (await view.readText(path)) ?? "", codes: problems.map(({ code }) => code) };
}

const SEARCH = `search --no-floppy --fs-uuid --set`;

test("GRUB 2: what is set and not searched for is searched for by UUID, where the file tells which volume it is", async (t) => {
  const path = "/boot/grub/grub.cfg";
  const menu = (...lines: readonly string[]): string =>
    `menuentry 'a' {\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;
  const kernel = "linux /boot/vmlinuz-1 root=/dev/sda1";
  assert.deepEqual(await convert(t, path, menu("set root='hd1,msdos1'", kernel)), {
    text: menu("set root='hd1,msdos1'", `${SEARCH}=root ${ROOT_UUID}`, kernel),
    codes: [],
  });
  assert.deepEqual(await convert(t, path, menu("linux (hd1,gpt1)/boot/vmlinuz-1 ro")), {
    text: menu(`${SEARCH}=p2v ${ROOT_UUID}`, "linux ($p2v)/boot/vmlinuz-1 ro"),
    codes: [],
  });
  const top = `set root=(hd1,1)\n${menu(kernel)}`;
  assert.equal(
    (await convert(t, path, top)).text,
    `set root=(hd1,1)\n${SEARCH}=root ${ROOT_UUID}\n${menu(kernel)}`,
  );
  for (const [text, codes] of [
    [menu("set root='hd0,msdos1'", kernel), []],
    [
      menu(
        "set root='hd1,msdos1'",
        `search --no-floppy --fs-uuid --set=root --hint-bios=hd1,msdos1 ${ROOT_UUID}`,
        kernel,
      ),
      [],
    ],
    [menu("set root='hd1,msdos1'", `search.fs_uuid ${ROOT_UUID} root hd1,msdos1`, kernel), []],
    [menu("set root='hd1,msdos2'", kernel), ["grub-other-disk"]],
    [menu("set root='hd1,msdos1'", "linux /vmlinuz-of-another-system"), ["grub-other-disk"]],
    [menu("set root='hd1,msdos1'", "chainloader +1"), []],
    [menu("set root='cd'", kernel), []],
  ] as const)
    assert.deepEqual(await convert(t, path, text), { text, codes });
});

test("GRUB legacy: the disk that boots is (hd0), also in what update-grub reads", async (t) => {
  const path = "/boot/grub/menu.lst";
  const menu =
    "# groot=(hd1,0)\ntitle a\nroot (hd1,0)\nkernel /boot/vmlinuz-1 ro\ntitle b\nkernel (hd1,0)/boot/vmlinuz-1\n";
  assert.deepEqual(await convert(t, path, menu), { text: menu.replaceAll("hd1", "hd0"), codes: [] });
  const other =
    "title a\nroot (hd1,1)\nkernel /boot/vmlinuz-1 ro\ntitle b\nrootnoverify (hd2,0)\nchainloader +1\n";
  assert.deepEqual(await convert(t, path, other), { text: other, codes: ["grub-other-disk"] });
});

test("what is known of the old machine's names counts before the file", async (t) => {
  const known = [{ key: "firmware:3", disk: "disk:1", because: "recorded" }] as const;
  const guest = await fakeGuest(t, {
    files: { ...DEMO_FILES, "/boot/grub/menu.lst": "title a\nroot (hd3,0)\nkernel /gone\n" },
    guest: testGuestOS({ names: { known, unclear: [] } }),
  });
  const { changes } = await proposeStep(grubDisks, guest);
  assert.equal(changes.length, 1);
});

test("a menu on the EFI system partition that leads to the one in /boot", async (t) => {
  const path = "/boot/efi/EFI/debian/grub.cfg";
  const prefix = "set prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n";
  assert.deepEqual(await convert(t, path, `set root=(hd1,gpt1)\n${prefix}`), {
    text: `set root=(hd1,gpt1)\n${SEARCH}=root ${ROOT_UUID}\n${prefix}`,
    codes: [],
  });
  assert.deepEqual(await convert(t, path, "set prefix=(hd1,gpt1)/boot/grub\nnormal\n"), {
    text: `${SEARCH}=p2v ${ROOT_UUID}\nset prefix=($p2v)/boot/grub\nnormal\n`,
    codes: [],
  });
  const found = `search.fs_uuid ${ROOT_UUID} root hd1,gpt1\n${prefix}`;
  assert.deepEqual(await convert(t, path, found), { text: found, codes: [] });
});

test("files of a /boot of its own are looked for there, as GRUB does", async (t) => {
  const graph = diskGraph();
  const uuid = "b0070000-0000-4000-8000-000000000002";
  const holds = { kind: "filesystem", type: "ext4", uuid, label: null } as const;
  const nodes = graph.nodes.map((node) => (node.holds.kind === "swap" ? { ...node, holds } : node));
  const boot = {
    path: "/boot",
    spec: `UUID=${uuid}`,
    type: "ext4",
    options: "defaults",
    node: "disk:1/part:2/swap",
  };
  const menu = (disk: string): string => `menuentry 'a' {\nset root='${disk}'\nlinux /vmlinuz-1 ro\n}\n`;
  const after = async (disk: string): Promise<string> => {
    const guest = await fakeGuest(t, {
      files: { "/boot/vmlinuz-1": "k", "/boot/grub/grub.cfg": menu(disk) },
      guest: testGuestOS({ mounts: [boot] }),
      intent: testIntent({ storage: { ...graph, nodes } }),
    });
    const { changes, problems } = await proposeStep(grubDisks, guest);
    const view = layeredView(guest.view, guest.blobs, changes);
    const [, search] = /--set=root (\S+)/.exec((await view.readText("/boot/grub/grub.cfg")) ?? "") ?? [];
    return search ?? problems.map(({ code }) => code).join();
  };
  assert.equal(await after("hd1,msdos2"), uuid);
  assert.equal(await after("hd1,msdos1"), "grub-other-disk", "the root has no such file");
  assert.equal(await after("hd0,msdos2"), "", "the disk that boots");
});
