// SPDX-License-Identifier: Apache-2.0
// crypttab of a root in LUKS: its volume is marked for the initramfs, once, and nothing else changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BlockGraph,
  type BlockNode,
  insideOf,
  luksBelow,
  luksOf,
  parseCrypttab,
} from "../../../core/index.ts";
import { fakeGuest, propose } from "../../../../tests/support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";
import { findNoOpener } from "../../initramfs/check.ts";
import { withInitramfs } from "./crypttab.ts";

const UUID = "11111111-2222-4333-8444-555555555555";

const node = (id: string, holds: BlockNode["holds"]): BlockNode => ({
  id,
  path: "/dev/sda",
  sizeBytes: 1000,
  sectorBytes: 512,
  holds,
});
const on = (from: string, to: string) => ({ from, to, map: [{ from: 0, to: 0, length: 1000 }] });

/** A root on LVM in LUKS on the second partition. */
const STORAGE: BlockGraph = {
  nodes: [
    node("disk:1", { kind: "disk", serial: null, model: "", table: "mbr" }),
    node("disk:1/part:2", { kind: "partition", number: 2, type: "83", uuid: null, bootable: false }),
    node("luks", { kind: "luks", uuid: UUID }),
    node("crypt", { kind: "crypt", uuid: UUID }),
    node("pv", { kind: "lvm-pv", uuid: "p" }),
    node("lv:vg0/root", { kind: "lvm-lv", uuid: "l", name: "vg0/root" }),
    node("fs", { kind: "filesystem", type: "ext4", uuid: "f", label: null }),
  ],
  edges: [
    on("disk:1/part:2", "disk:1"),
    on("luks", "disk:1/part:2"),
    on("crypt", "luks"),
    on("pv", "crypt"),
    on("lv:vg0/root", "pv"),
    on("fs", "lv:vg0/root"),
  ],
};

const SDA = { known: [{ key: "order:sd:0", disk: "disk:1", because: "proven" }], unclear: [] } as const;

test("a line of crypttab leads to its volume, and from there to what lies in it", () => {
  const [one, two, three] = parseCrypttab(
    `# x\na UUID=${UUID} none luks,discard\n\tb\t/dev/sda2\nc /dev/sda1 none\n`,
  );
  assert.ok(one && two && three);
  assert.deepEqual(one, { name: "a", source: `UUID=${UUID}`, key: "none", options: ["luks", "discard"] });
  assert.deepEqual(
    [luksOf(STORAGE, one), luksOf(STORAGE, two, SDA), luksOf(STORAGE, three, SDA), luksOf(STORAGE, two)],
    ["luks", "luks", null, null],
  );
  assert.equal(insideOf(STORAGE, "luks"), "pv");
  assert.equal(insideOf({ ...STORAGE, edges: [] }, "luks"), null);
  assert.deepEqual(luksBelow(STORAGE, "fs"), ["luks"]);
  const circle = { ...STORAGE, edges: [on("fs", "pv"), on("pv", "fs")] };
  assert.deepEqual(luksBelow(circle, "fs"), []);
});

test("withInitramfs() adds the option to the named lines, as they are written", () => {
  const names = new Set(["a", "b", "c", "d"]);
  const before = [
    "# a UUID=1 none luks\n",
    "a UUID=1 none luks,discard\n",
    "b\tUUID=2\tnone\tluks  # the second\r\n",
    "c UUID=3\n",
    "d UUID=4 /etc/key\n",
    "e UUID=5 none luks\n",
  ].join("");
  const after = [
    "# a UUID=1 none luks\n",
    "a UUID=1 none luks,discard,initramfs\n",
    "b\tUUID=2\tnone\tluks,initramfs  # the second\r\n",
    "c UUID=3 none luks,initramfs\n",
    "d UUID=4 /etc/key luks,initramfs\n",
    "e UUID=5 none luks\n",
  ].join("");
  assert.equal(withInitramfs(before, names), after);
  assert.equal(withInitramfs(after, names), after, "a second time");
  assert.equal(withInitramfs("a UUID=1 none luks", names), "a UUID=1 none luks,initramfs");
});

const HOOK = { "/usr/share/initramfs-tools/hooks/cryptroot": "" };

test("the volume below the root is marked where cryptsetup-initramfs is, and one that crypttab does not name is told", async (t) => {
  const make = (files: Record<string, string>) =>
    fakeGuest(t, {
      files,
      guest: testGuestOS({ kernels: [], root: "fs" }),
      intent: { ...testIntent(), storage: STORAGE },
    });
  const line = `sda2_crypt UUID=${UUID} none luks\n`;
  const marked = await propose(await make({ ...HOOK, "/etc/crypttab": line }));
  assert.deepEqual(
    marked.changes.filter(({ step }) => step === "crypttab").map(({ path }) => path),
    ["/etc/crypttab"],
  );
  const dracut = await propose(await make({ "/etc/crypttab": line }));
  assert.ok(dracut.changes.every(({ step }) => step !== "crypttab"));
  const none = await propose(await make({ ...HOOK, "/etc/crypttab": "" }));
  assert.ok(
    none.problems.some(({ code, text }) => code === "crypttab-no-root" && String(text).includes(UUID)),
  );
});

test("an initramfs that could not open the root is not proven", () => {
  const entry = (path: string, sizeBytes: number) =>
    [path, { path, kind: "file", sizeBytes, content: null }] as const;
  const image = (...entries: readonly (readonly [string, number])[]) =>
    new Map(entries.map(([path, size]) => entry(path, size))) as never;
  const wanted = { opener: "cryptroot" } as const;
  assert.deepEqual(findNoOpener(image(["usr/sbin/cryptsetup", 9], ["cryptroot/crypttab", 9]), wanted), []);
  assert.deepEqual(findNoOpener(image(["sbin/cryptsetup", 9], ["cryptroot/crypttab", 0]), wanted), [
    "cryptroot/crypttab",
  ]);
  assert.deepEqual(findNoOpener(image(), wanted), ["cryptsetup", "cryptroot/crypttab"]);
  assert.deepEqual(findNoOpener(image(), { opener: null }), []);
});
