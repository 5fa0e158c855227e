// SPDX-License-Identifier: Apache-2.0
// What a menu asks before it starts anything, what is too large to be read, and where its words come from.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chain, ChainLink, ChainPlace } from "../../core/index.ts";
import {
  type Bootable,
  debian,
  grubCfg,
  judge,
  RELEASE,
  ROOT,
} from "../../../tests/support/guests/bootable.ts";
import {
  CFG,
  edit,
  extlinux,
  legacy,
  systemdBoot,
  verdicts,
} from "../../../tests/support/guests/bootable-loaders.ts";

async function judged(spoil: (system: Bootable) => void, make = debian): Promise<Chain> {
  const system = make();
  spoil(system);
  return await judge(system);
}

function linkOf({ links }: Chain, place: ChainPlace): ChainLink {
  const found = links.find((link) => link.place === place);
  assert.ok(found !== undefined, place);
  return found;
}

test("entries in front of a loop are as they are, where the default is among them", async () => {
  const loop = "for i in a b; do\n menuentry $i {\n true\n }\ndone\n";
  const behind = await judged((system) => void (system.files[CFG] = `${grubCfg()}${loop}`));
  assert.equal(linkOf(behind, "loader").verdict, "assumed");
  assert.match(String(linkOf(behind, "loader").text), /"Debian GNU\/Linux"/);
  assert.equal(linkOf(behind, "root").verdict, "proven");
  assert.deepEqual(verdicts(behind, "broken"), []);
  const among = grubCfg().replace('default="0"', 'default="b"');
  for (const text of [`${among}${loop}`, `${loop}${grubCfg()}`]) {
    const chain = await judged((system) => void (system.files[CFG] = text));
    assert.match(String(linkOf(chain, "loader").why), /could not be followed: it has a loop/);
    assert.deepEqual(verdicts(chain, "broken"), []);
  }
});

const LOCK =
  'set superusers="root"\nexport superusers\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.AA.BB\n';
const locked = (words: string): string =>
  `${LOCK}${grubCfg()}`.replace("menuentry 'Debian GNU/Linux'", `menuentry 'Debian GNU/Linux' ${words}`);

test("GRUB asks for a name before what is not free for all", async () => {
  const asks = async (text: string): Promise<boolean> => {
    const chain = await judged((system) => void (system.files[CFG] = text));
    const { verdict, why, advice } = linkOf(chain, "loader");
    if (verdict === "proven") return false;
    assert.equal(verdict, "assumed");
    assert.match(String(why), /asks for a user and a password/);
    assert.notEqual(advice, null);
    return true;
  };
  assert.equal(await asks(locked("")), true, "superusers alone");
  assert.equal(await asks(locked("--users operator")), true, "users of the entry");
  assert.equal(await asks(locked("--unrestricted")), false, "free for all");
  assert.equal(await asks(grubCfg().replace("--class debian", "--users operator")), false, "no superusers");
  assert.equal(await asks(locked("").replace('default="0"', 'default="1>0"')), true, "the submenu asks");
  const free = (text: string): string => text.replace("submenu 'Adv", "submenu --unrestricted 'Adv");
  assert.equal(
    await asks(free(locked("").replace('default="0"', 'default="1>0"'))),
    true,
    "the entry in it asks",
  );
  const own = free(locked("").replace('default="0"', 'default="1>0"').replace("export superusers\n", ""));
  assert.equal(await asks(own), false, "what is not exported does not lead into a submenu");
  assert.equal(await asks(`unrestricted_menu=y\n${locked("")}`), false, "SUSE's word for all entries");
  assert.equal(await asks(`source /boot/grub/user.cfg\n${grubCfg()}`), false, "no such file");
});

test("what reads a menu on Xen's host asks for nothing; GRUB in the domain does", async () => {
  const verdict = async (loader: "pygrub" | "pvgrub"): Promise<string> => {
    const chain = await judged((system) => {
      system.files[CFG] = locked("").replace("set timeout=5", "");
      system.intent = { ...system.intent, hypervisor: "xen" };
      system.vm = { ...system.vm, xen: { type: "pv", loader } };
    });
    return linkOf(chain, "loader").verdict;
  };
  assert.equal(await verdict("pygrub"), "proven");
  assert.equal(await verdict("pvgrub"), "assumed");
});

test("the password of RHEL lies in user.cfg, and entries of their own files name who may", async () => {
  const bls =
    (users: string, environment = ""): ((system: Bootable) => void) =>
    (system) => {
      system.files[CFG] =
        `load_env\nsearch --fs-uuid --set=root ${ROOT}\nif [ -f /boot/grub/user.cfg ]; then\n  source /boot/grub/user.cfg\n  if [ -n "\${GRUB2_PASSWORD}" ]; then\n    set superusers="root"\n    export superusers\n  fi\nfi\nset timeout=5\nblscfg\n`;
      system.files["/boot/grub/user.cfg"] = "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.AA\n";
      system.files["/boot/grub/grubenv"] = `# GRUB Environment Block\n${environment}${"#".repeat(900)}`;
      system.files["/boot/loader/entries/a.conf"] =
        `title A\nlinux /boot/vmlinuz-${RELEASE}\ninitrd /boot/initrd.img-${RELEASE}\noptions root=UUID=${ROOT}\n${users}`;
    };
  const verdict = async (spoil: (system: Bootable) => void): Promise<string> =>
    linkOf(await judged(spoil), "loader").verdict;
  assert.equal(await verdict(bls("")), "proven");
  assert.equal(await verdict(bls("grub_users $grub_users\n")), "proven");
  assert.equal(await verdict(bls("grub_users $grub_users\n", "grub_users=root\n")), "assumed");
  assert.equal(await verdict(bls("grub_users root\n")), "assumed");
});

test("GRUB legacy asks where an entry is locked; a menu without a timeout waits", async () => {
  const menu = "/boot/grub/menu.lst";
  const asks = async (spoil: (system: Bootable) => void): Promise<string> =>
    linkOf(await judged(spoil, legacy), "loader").verdict;
  assert.equal(await asks(edit(menu, "timeout 5", "timeout 5\npassword secret")), "proven");
  assert.equal(
    await asks(edit(menu, "title Debian", "title Debian\n\tlock")),
    "proven",
    "no password at all",
  );
  const both = (system: Bootable): void => {
    edit(menu, "timeout 5", "timeout 5\npassword --md5 $1$x")(system);
    edit(menu, "title Debian", "title Debian\n\tlock")(system);
  };
  assert.equal(await asks(both), "assumed");
  assert.equal(await asks(edit(menu, "title Debian", "title Debian\n\tpassword secret")), "assumed");
  assert.equal(await asks(edit(menu, "timeout 5\n", "")), "assumed");
  const chain = await judged(edit(CFG, "set timeout=5\n", ""));
  assert.match(String(linkOf(chain, "loader").why), /no timeout/);
});

const many = (count: number): string =>
  Array.from(
    { length: count },
    (_, at) => `menuentry 'Old ${at}' {\n\tlinux /boot/vmlinuz-gone-${at} root=/dev/none\n}\n`,
  ).join("");

test("long menus: the entry that is named, or that they were not read to their end", async () => {
  const at = async (count: number, named: number): Promise<Chain> =>
    await judged((system) => {
      system.files[CFG] = grubCfg()
        .replace('default="0"', `default="${named}"`)
        .replace("menuentry 'Debian", `${many(count)}menuentry 'Debian`);
    });
  const all = await at(1200, 1200);
  assert.equal(String(linkOf(all, "loader").text), 'GRUB 2 starts "Debian GNU/Linux"');
  assert.deepEqual(verdicts(all, "broken"), []);
  const tooMany = await at(12_000, 11_000);
  assert.equal(linkOf(tooMany, "loader").verdict, "assumed");
  assert.match(String(linkOf(tooMany, "loader").why), /not read to its end/);
  assert.deepEqual(verdicts(tooMany, "broken"), []);
});

test("files that are too large to be read are called so, by each loader", async () => {
  const filler = `${"#".repeat(1023)}\n`.repeat(4097);
  const MENUS = [
    [debian, CFG],
    [legacy, "/boot/grub/menu.lst"],
    [extlinux, "/boot/extlinux/extlinux.conf"],
    [systemdBoot, "/boot/efi/loader/entries/debian-6.1.conf"],
  ] as const;
  for (const [make, path] of MENUS) {
    const chain = await judged((system) => {
      const old = system.files[path];
      system.files[path] = filler + (typeof old === "string" ? old : "");
    }, make);
    assert.deepEqual(verdicts(chain, "broken"), [], path);
    assert.equal(linkOf(chain, "loader").verdict, "assumed", path);
    assert.match(String(linkOf(chain, "loader").why), /not read to its end/, path);
  }
  const entries = await judged((system) => {
    for (let at = 0; at < 1001; at += 1)
      system.files[`/boot/efi/loader/entries/x-${at}.conf`] = "title x\nlinux /gone\n";
  }, systemdBoot);
  assert.match(String(linkOf(entries, "loader").why), /not read to its end/);
  const included = await judged(
    (system) => void (system.files[CFG] = `${"source /boot/grub/a.cfg\n".repeat(40)}${grubCfg()}`),
  );
  assert.deepEqual(verdicts(included, "broken"), []);
  const files = await judged((system) => {
    system.files["/boot/grub/a.cfg"] = "set a=b\n";
    system.files[CFG] = `${"source /boot/grub/a.cfg\n".repeat(400)}${grubCfg()}`;
  });
  assert.match(String(linkOf(files, "loader").why), /not read to its end/);
});

const blsSystem =
  (menu: string, environment: string | null) =>
  (system: Bootable): void => {
    system.files[CFG] = `load_env\nsearch --fs-uuid --set=root ${ROOT}\nset timeout=5\n${menu}blscfg\n`;
    if (environment === null) delete system.files["/boot/grub/grubenv"];
    else system.files["/boot/grub/grubenv"] = `# GRUB Environment Block\n${environment}${"#".repeat(900)}`;
    system.files["/boot/loader/entries/a.conf"] =
      `title A\nlinux /boot/vmlinuz-${RELEASE}\ninitrd /boot/initrd.img-${RELEASE}\noptions $kernelopts $tuned_params\n`;
  };

test("$kernelopts: of grubenv, of grub.cfg itself, or of nowhere", async () => {
  const good = `root=UUID=${ROOT} ro`;
  const otherwise = `if [ -z "\${kernelopts}" ]; then\n  set kernelopts="${good}"\nfi\n`;
  assert.equal(linkOf(await judged(blsSystem("", `kernelopts=${good}\n`)), "root").verdict, "proven");
  assert.equal(linkOf(await judged(blsSystem(otherwise, null)), "root").verdict, "proven");
  const both = await judged(blsSystem(otherwise, "kernelopts=root=UUID=11111111-2222\n"));
  assert.equal(linkOf(both, "root").verdict, "broken", "what grubenv has counts first");
  for (const environment of [null, "saved_entry=a\n"]) {
    const root = linkOf(await judged(blsSystem("", environment)), "root");
    assert.equal(root.verdict, "broken");
    assert.match(String(root.why), /\$kernelopts/);
  }
  const plain = await judged(edit(CFG, /root=UUID=\S+ ro .*$/, "$kernelopts"));
  assert.match(String(linkOf(plain, "root").why), /\$kernelopts/, "in an entry of grub.cfg, too");
});
