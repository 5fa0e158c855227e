// SPDX-License-Identifier: Apache-2.0
// Options of another file system, and subvolumes of a btrfs that are not there, keep the kernel from mounting.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chain } from "../core/index.ts";
import {
  type Bootable,
  DATA,
  debian,
  initramfsOf,
  judge,
  ROOT,
} from "../../tests/support/guests/bootable.ts";
import { CFG, edit, FSTAB } from "../../tests/support/guests/bootable-loaders.ts";

const NODE = "disk:1/part:1/fs";

function btrfs(paths: readonly string[] | null): Bootable {
  const system = debian();
  system.parts.set(1, { kind: "filesystem", type: "btrfs", uuid: ROOT, label: null });
  edit(FSTAB, "/ ext4 errors=remount-ro", "/ btrfs subvol=@")(system);
  system.guest = paths === null ? {} : { subvolumes: [{ node: NODE, paths }] };
  const modules = ["virtio_pci", "virtio_blk", "btrfs"];
  for (const path of Object.keys(system.files))
    if (path.startsWith("/boot/initrd")) system.files[path] = initramfsOf(modules);
    else if (path.endsWith("/modules.dep"))
      system.files[path] = modules.map((name) => `kernel/drivers/${name}.ko:\n`).join("");
  return system;
}

const rootOf = ({ links }: Chain): string => {
  const link = links.find(({ place }) => place === "root");
  return `${link?.verdict}: ${String(link?.why)}`;
};

async function withFlags(system: Bootable, flags: string): Promise<string> {
  edit(CFG, "ro quiet", `ro rootflags=${flags} quiet`)(system);
  return rootOf(await judge(system));
}

test("rootflags= of another file system than the root's", async () => {
  assert.match(await withFlags(debian(), "subvol=@"), /^broken: .*subvol=@.*ext4/);
  assert.match(await withFlags(debian(), "noatime,compress=zstd:1"), /^broken: .*compress=zstd:1/);
  assert.match(await withFlags(debian(), "noatime,data=ordered,commit=30"), /^proven/);
  assert.match(await withFlags(btrfs(["@"]), "data=journal"), /^broken: .*data=journal.*btrfs/);
});

test("a subvolume of the root is there, or is not, or nobody looked", async () => {
  assert.match(await withFlags(btrfs(["@", "@home"]), "subvol=@"), /^proven/);
  assert.match(await withFlags(btrfs(["@", "@home"]), "subvol=/@"), /^proven/);
  assert.match(await withFlags(btrfs(["@", "@home"]), "subvol=@gone"), /^broken: .*@gone/);
  assert.match(await withFlags(btrfs(["@", "@old"]), "subvol=@old"), /^assumed: .*@old.*subvol=@/);
  assert.match(await withFlags(btrfs(["@"]), "subvolid=256"), /^assumed: .*subvolid=256/);
  assert.match(await withFlags(btrfs(["@", "subvolid=256"]), "subvolid=256"), /^assumed: it starts/);
  assert.match(await withFlags(btrfs(null), "subvol=@"), /^proven/, "it is mounted so here");
  assert.match(await withFlags(btrfs(null), "subvol=@gone"), /^assumed: .*@gone/);
});

test("the root is in a subvolume that its btrfs does not show by default, and no word names it", async () => {
  const apart = (): Bootable => {
    const system = btrfs(["@"]);
    system.guest = { ...system.guest, subvolume: "subvol=@" };
    return system;
  };
  assert.match(rootOf(await judge(apart())), /^broken: .*no rootflags=subvol=@/);
  assert.match(await withFlags(apart(), "noatime"), /^broken: .*no rootflags=subvol=@/);
  assert.match(await withFlags(apart(), "subvol=@"), /^proven/);
  assert.match(rootOf(await judge(btrfs(["@"]))), /^proven/);
});

test("fstab's own words for the root are tried when it is mounted", async () => {
  const system = btrfs(["@", "@home"]);
  edit(FSTAB, "subvol=@", "subvol=@gone")(system);
  const link = (await judge(system)).links.find(({ place }) => place === "mounts");
  assert.equal(link?.verdict, "assumed");
  assert.match(String(link.why), /no subvolume @gone; it is mounted by then/);
});

test("lines of fstab with such options", async () => {
  const mountsOf = async (line: string, system = debian()): Promise<string> => {
    edit(FSTAB, /^.*\/srv.*$/, `${line} 0 2`)(system);
    const link = (await judge(system)).links.find(({ place }) => place === "mounts");
    return `${link?.verdict}: ${String(link?.why)}`;
  };
  assert.match(await mountsOf(`UUID=${DATA} /srv ext4 subvol=srv`), /^broken: .*subvol=srv.*ext4/);
  assert.match(await mountsOf(`UUID=${DATA} /srv ext4 subvol=srv,nofail`), /^proven/);
  const home = `UUID=${ROOT} /srv btrfs subvol=@srv`;
  assert.match(await mountsOf(home, btrfs(["@", "@srv"])), /^proven/);
  assert.match(await mountsOf(home, btrfs(["@"])), /^broken: .*@srv/);
  assert.match(await mountsOf(home, btrfs(null)), /^assumed: .*@srv/);
});

test("fstab=no: its lines break nothing, and are not there", async () => {
  const mountsOf = async (word: string, spoil: (system: Bootable) => void = () => {}): Promise<string> => {
    const system = debian();
    edit(CFG, "ro quiet", `ro ${word} quiet`)(system);
    spoil(system);
    const found = (await judge(system)).links.filter(({ place }) => place === "mounts");
    return found.map(({ verdict, text, why }) => `${verdict}: ${String(text)}: ${String(why)}`).join("\n");
  };
  const gone = edit(FSTAB, DATA, "99999999-5555");
  for (const word of ["fstab=no", "fstab=0", "fstab=yes fstab=off"])
    assert.match(await mountsOf(word, gone), /^assumed: without swap, \/srv: .*fstab=/, word);
  for (const word of ["fstab=yes", "fstab=no fstab=1", "rd.fstab=0"])
    assert.match(await mountsOf(word), /^proven: 2 file systems and swap/, word);
  assert.match(await mountsOf("rd.fstab=0", gone), /^broken/);
  assert.match(
    await mountsOf("rd.fstab=no", edit(FSTAB, "/srv", "/usr")),
    /^assumed: without \/usr: .*rd\.fstab/,
  );
  const sysv = (system: Bootable): void => {
    delete system.files["/usr/lib/systemd/systemd"];
    system.files["/sbin/init"] = { content: "\u007fELF\u0002\u0001\u0001", mode: 0o755 };
    gone(system);
  };
  assert.match(await mountsOf("fstab=no", sysv), /^broken/);
});

test("a line of fstab with the wrong type says what lies there, and what to do is not to give another disk", async () => {
  const system = debian();
  edit(FSTAB, "/srv ext4", "/srv reiserfs")(system);
  const link = (await judge(system)).links.find(({ place }) => place === "mounts");
  assert.equal(link?.verdict, "broken");
  assert.match(String(link.why), /holds ext4, and the line says reiserfs/);
  assert.match(String(link.advice), /^Correct it in \/etc\/fstab/);
  edit(FSTAB, "/srv reiserfs", "/srv auto")(system);
  system.parts.set(3, { kind: "luks", uuid: DATA });
  const locked = (await judge(system)).links.find(({ place }) => place === "mounts");
  assert.match(String(locked?.why), /holds a LUKS volume, and the line says auto/);
});
