// SPDX-License-Identifier: Apache-2.0
// A system that boots is proven in every link, by whatever loader and hypervisor; hostile menus come to an end.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestOS } from "../core/index.ts";
import {
  DATA,
  debian,
  grubCfg,
  judge,
  RELEASE,
  ROOT,
  SWAP,
  type Bootable,
} from "../../tests/support/guests/bootable.ts";
import {
  CFG,
  edit,
  extlinux,
  FSTAB,
  legacy,
  systemdBoot,
  uefi,
  verdicts,
} from "../../tests/support/guests/bootable-loaders.ts";

for (const [name, make] of Object.entries({ debian, legacy, extlinux, uefi, systemdBoot }))
  test(`a system that boots is proven: ${name}`, async () => {
    const chain = await judge(make());
    assert.deepEqual(verdicts(chain, "broken"), []);
    assert.deepEqual(
      chain.links.filter(({ verdict }) => verdict === "assumed").map(({ place }) => place),
      [],
      verdicts(chain, "assumed").join("\n"),
    );
  });

test("swap that is gone, and what may be missing, break nothing", async () => {
  const system = debian();
  edit(FSTAB, SWAP, "99999999-4444")(system);
  edit(FSTAB, "/srv ext4 defaults", "/srv ext4 nofail")(system);
  edit(FSTAB, DATA, "99999999-5555")(system);
  assert.deepEqual(verdicts(await judge(system), "broken"), []);
});

test("what the kernel makes at each boot is missed on no disk", async () => {
  const system = debian();
  edit(FSTAB, `UUID=${SWAP}`, "/dev/zram0")(system);
  system.files["/etc/systemd/system/dev-zram1.swap"] = "[Swap]\nWhat=/dev/zram1\n";
  system.files["/etc/systemd/system/swap.target.wants/dev-zram1.swap"] = { link: "../dev-zram1.swap" };
  system.files["/etc/systemd/zram-generator.conf"] = "[zram0]\n";
  const mounts = (await judge(system)).links.filter(({ place }) => place === "mounts");
  assert.deepEqual(
    mounts.map(({ verdict, text }) => [verdict, String(text)]),
    [["proven", "2 file systems"]],
  );
});

test("a label with a blank, in fstab's and in the kernel's words", async () => {
  const system = debian();
  system.parts.set(3, { kind: "filesystem", type: "ext4", uuid: DATA, label: "my data" });
  system.parts.set(1, { kind: "filesystem", type: "ext4", uuid: ROOT, label: "my root" });
  edit(FSTAB, `UUID=${DATA}`, "LABEL=my\\040data")(system);
  edit(CFG, `root=UUID=${ROOT} ro quiet`, '"root=LABEL=my root" ro quiet')(system);
  const chain = await judge(system);
  assert.deepEqual([...verdicts(chain, "broken"), ...verdicts(chain, "assumed")], []);
});

test("GRUB's menu: saved entries, submenus by id, BLS entries with kernelopts, another file", async () => {
  const titleOf = async (spoil: (system: Bootable) => void): Promise<string> => {
    const system = debian();
    spoil(system);
    return String((await judge(system)).links.find(({ place }) => place === "loader")?.text);
  };
  const second = `menuentry 'Second' --id second {\n\tlinux /boot/vmlinuz-${RELEASE} root=UUID=${ROOT}\n\tinitrd /boot/initrd.img-${RELEASE}\n}\n`;
  const saved = (system: Bootable): void => {
    system.files[CFG] = `${grubCfg().replace('set default="0"', 'set default="${saved_entry}"')}${second}`;
    system.files["/boot/grub/grubenv"] = `# GRUB Environment Block\nsaved_entry=second\n${"#".repeat(900)}`;
  };
  assert.equal(await titleOf(saved), 'GRUB 2 starts "Second"');
  assert.equal(
    await titleOf(edit(CFG, 'set default="0"', 'set default="1>0"')),
    'GRUB 2 starts "Debian GNU/Linux"',
  );
  const bls = (system: Bootable): void => {
    system.files[CFG] =
      `load_env\nset timeout=5\nsearch --fs-uuid --set=root ${ROOT}\nset default="$\{saved_entry}"\nblscfg\n`;
    system.files["/boot/grub/grubenv"] =
      `# GRUB Environment Block\nkernelopts=root=UUID=${ROOT} ro\n${"#".repeat(900)}`;
    for (const version of ["5.14.0-9", "5.14.0-70"])
      system.files[`/boot/loader/entries/x-${version}.conf`] =
        `title Linux ${version}\nlinux /boot/vmlinuz-${RELEASE}\ninitrd /boot/initrd.img-${RELEASE} $tuned_initrd\noptions $kernelopts\n`;
  };
  assert.equal(await titleOf(bls), 'GRUB 2 starts "Linux 5.14.0-70"');
  const chain = await judge(
    ((): Bootable => {
      const system = debian();
      bls(system);
      return system;
    })(),
  );
  assert.deepEqual(verdicts(chain, "broken"), []);
});

test("the same guest may start on one hypervisor, and not on the other", async () => {
  const system = debian();
  system.disk = { ...system.disk, boot: { kind: "none" } };
  system.kernel = { xen: ["pv"] };
  assert.equal((await judge(system)).links[0]?.verdict, "broken");
  system.intent = { ...system.intent, hypervisor: "xen" };
  const onXen = await judge(system);
  assert.equal(onXen.platform, "xen");
  assert.equal(onXen.links[0]?.verdict, "proven");
});

test("what looks broken and boots is no false alarm", async () => {
  const cases: Readonly<Record<string, (system: Bootable) => void>> = {
    "the fallback entry is good": (system) => {
      const good = `menuentry 'Good' {\n\tlinux /boot/vmlinuz-${RELEASE} root=UUID=${ROOT}\n\tinitrd /boot/initrd.img-${RELEASE}\n}\n`;
      system.files[CFG] =
        `search --fs-uuid --set=root ${ROOT}\nset fallback=1\nmenuentry 'Old' {\n\tlinux /boot/gone\n}\n${good}`;
    },
    "an entry on one line": edit(
      CFG,
      "menuentry 'Debian",
      "menuentry 'Reboot' { reboot }\nset default=1\nmenuentry 'Debian",
    ),
    "an automount of a disk that is gone": (system) => {
      edit(FSTAB, "/srv ext4 defaults", "/srv ext4 x-systemd.automount")(system);
      edit(FSTAB, DATA, "99999999-5555")(system);
    },
    "a volume of crypttab that nothing uses": (system) => {
      system.files["/etc/crypttab"] = "old UUID=99999999-3333 none luks\n";
    },
  };
  for (const [what, spoil] of Object.entries(cases)) {
    const system = debian();
    spoil(system);
    assert.deepEqual(verdicts(await judge(system), "broken"), [], what);
  }
  const entry = (kernel: string): string => `title x\nlinux ${kernel}\noptions root=UUID=${ROOT}\n`;
  const dropped = systemdBoot();
  dropped.files["/boot/efi/loader/entries/debian-9.9.conf"] = entry("/gone/linux");
  assert.deepEqual(
    verdicts(await judge(dropped), "broken"),
    [],
    "systemd-boot drops an entry without its kernel",
  );
});

test("hostile menus come to an end", async () => {
  for (const text of [
    "if ".repeat(5000),
    "{".repeat(5000),
    "function f {\nf\nf\n}\nf\n",
    `configfile ${CFG}\n`.repeat(50),
    `menuentry '${"x".repeat(100_000)}' {`,
    "$".repeat(1000) + '"'.repeat(999),
    "submenu a {\n".repeat(30),
  ]) {
    const system = debian();
    system.files[CFG] = text;
    const chain = await judge(system);
    assert.ok(
      chain.links.some(({ place, verdict }) => place === "loader" && verdict !== "proven"),
      text.slice(0, 40),
    );
  }
});

test("what comes of a file system that is not there is the init system's matter", async () => {
  const lacking = async (init: GuestOS["init"]): Promise<string> => {
    const system = debian();
    system.parts.delete(2);
    system.parts.delete(3);
    const { links } = await judge({ ...system, guest: { init } });
    const said = links.filter(({ place }) => place === "mounts");
    return said.map(({ verdict, text, why }) => `${verdict} ${String(text)}: ${String(why)}`).join("\n");
  };
  assert.match(await lacking("systemd"), /broken .* on \/srv: .*the boot stops there[^]*swap on .* 90 s/);
  assert.match(
    await lacking("sysv"),
    /broken .* on \/srv: .*the boot stops there[^]*swap on .*starts without it/,
  );
  assert.match(await lacking("openrc"), /assumed .* on \/srv: .*the system starts without it/);
});
