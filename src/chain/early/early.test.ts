// SPDX-License-Identifier: Apache-2.0
// The initramfs that is loaded: cut off, or made by a tool that opens the root by other words than those that are there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Chain, ChainLink, ChainPlace } from "../../core/index.ts";
import {
  type Bootable,
  debian,
  grubCfg,
  initramfsOf,
  judge,
  RELEASE,
  ROOT,
} from "../../../tests/support/guests/bootable.ts";
import { CFG, edit, verdicts } from "../../../tests/support/guests/bootable-loaders.ts";
import { cpioOf } from "../../../tests/support/cpio.ts";

const IMAGE = `/boot/initrd.img-${RELEASE}`;
const LUKS = "5a5a5a5a-0000-4000-8000-00000000000a";
const MODULES = ["virtio_pci", "virtio_blk", "ext4", "jbd2"];

async function judged(spoil: (system: Bootable) => void): Promise<Chain> {
  const system = debian();
  spoil(system);
  return await judge(system);
}

const linksOf = ({ links }: Chain, place: ChainPlace): readonly ChainLink[] =>
  links.filter((link) => link.place === place);

const plain = (): Buffer =>
  cpioOf({
    init: "#!/bin/sh\n",
    ...Object.fromEntries(
      MODULES.map((name) => [`usr/lib/modules/${RELEASE}/kernel/drivers/${name}.ko`, "module"]),
    ),
    "usr/bin/more": Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * at * 7919) & 255)),
  });

test("an initramfs that is cut off: the kernel fails to unpack it, or nobody knows what is lost", async () => {
  const verdictOf = async (bytes: Buffer): Promise<string> => {
    const [link] = linksOf(await judged((system) => void (system.files[IMAGE] = bytes)), "initramfs");
    if (link?.verdict !== "proven") assert.match(String(link?.why), /cut off|lacks/);
    return link?.verdict ?? "";
  };
  const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2);
  assert.equal(await verdictOf(plain()), "proven");
  assert.equal(await verdictOf(half(gzipSync(plain()))), "broken");
  assert.equal(await verdictOf(half(zstdCompressSync(plain()))), "broken");
  assert.equal(await verdictOf(gzipSync(half(plain()))), "broken", "the archive inside is cut off");
  assert.equal(await verdictOf(half(plain())), "assumed", "a plain one: all that is needed comes before");
  assert.equal(await verdictOf(plain().subarray(0, 500)), "broken", "drivers come behind the cut");
});

test("of several initrds the one with programs is named, and not the microcode", async () => {
  const chain = await judged((system) => {
    system.files["/boot/intel-ucode.img"] = cpioOf({ "kernel/x86/microcode/GenuineIntel.bin": "code" });
    system.files[CFG] = grubCfg().replaceAll("initrd\t", "initrd\t/boot/intel-ucode.img ");
  });
  const [link] = linksOf(chain, "initramfs");
  assert.equal(link?.verdict, "proven");
  assert.equal(link.text, IMAGE);
});

type Made = { readonly words: string; readonly inside: Readonly<Record<string, string>> };

async function luks({ words, inside }: Made): Promise<Chain> {
  return await judged((system) => {
    system.luks = LUKS;
    system.files[IMAGE] = initramfsOf(MODULES, { "usr/sbin/cryptsetup": "x", ...inside });
    system.files[CFG] = grubCfg(words);
  });
}

const TOOLS = { "scripts/functions": "x", "conf/initramfs.conf": "x", init: "#!/bin/sh\n" };
const DRACUT = { "usr/lib/dracut-lib.sh": "x", init: "#!/bin/sh\n" };
const ARCH = { init_functions: "x", config: "MODULES=x\n", init: "#!/bin/sh\n" };

test("a root in LUKS is opened by what its initramfs reads", async () => {
  const crypttab = `root UUID=${LUKS} none luks\n`;
  const OPENED: readonly Made[] = [
    { words: "quiet", inside: { ...TOOLS, "cryptroot/crypttab": crypttab } },
    {
      words: "quiet",
      inside: { ...TOOLS, "conf/conf.d/cryptroot": `target=root,source=UUID=${LUKS},key=none\n` },
    },
    { words: `rd.luks.uuid=luks-${LUKS}`, inside: DRACUT },
    { words: `rd.luks.uuid=${LUKS.slice(0, 8)}`, inside: DRACUT },
    { words: `rd.luks.name=${LUKS}=root`, inside: DRACUT },
    { words: "rd.auto", inside: DRACUT },
    { words: "quiet", inside: { ...DRACUT, "etc/cmdline.d/90crypt.conf": `rd.luks.uuid=luks-${LUKS}\n` } },
    { words: "quiet", inside: { ...DRACUT, "etc/crypttab": crypttab } },
    { words: `cryptdevice=UUID=${LUKS}:root`, inside: ARCH },
  ];
  for (const made of OPENED) assert.deepEqual(verdicts(await luks(made), "broken"), [], JSON.stringify(made));
  const CLOSED: readonly (Made & { says: RegExp })[] = [
    { words: `rd.luks.uuid=${LUKS}`, inside: TOOLS, says: /does not read rd\.luks\.uuid/ },
    { words: "quiet", inside: TOOLS, says: /nothing tells/ },
    { words: "quiet", inside: DRACUT, says: /nothing tells/ },
    { words: `rd.luks.name=${LUKS}=root`, inside: ARCH, says: /does not read rd\.luks\.name/ },
  ];
  for (const { says, ...made } of CLOSED) {
    const broken = linksOf(await luks(made), "initramfs").filter(({ verdict }) => verdict === "broken");
    assert.match(String(broken[0]?.why), says, JSON.stringify(made));
  }
});

test("a name that the kernel's words give a LUKS volume is known without a line of crypttab", async () => {
  for (const [given, inside] of [
    [`cryptdevice=UUID=${LUKS}:cr:allow-discards`, ARCH],
    [`rd.luks.name=${LUKS}=cr`, DRACUT],
  ] as const) {
    const chain = await judged((system) => {
      system.luks = LUKS;
      system.files[IMAGE] = initramfsOf(MODULES, { "usr/sbin/cryptsetup": "x", ...inside });
      system.files[CFG] = grubCfg(given).replaceAll(`root=UUID=${ROOT}`, "root=/dev/mapper/cr");
      system.files["/etc/fstab"] = "/dev/mapper/cr / ext4 defaults 0 1\n";
    });
    assert.deepEqual(
      [...linksOf(chain, "root"), ...linksOf(chain, "mounts")].map(({ verdict }) => verdict),
      ["proven", "proven"],
      given,
    );
  }
});

test("what an initramfs of an unknown tool opens is not known, whatever the words say", async () => {
  const made = { words: `rd.luks.uuid=${LUKS}`, inside: { init: "#!/bin/own\n" } };
  const chain = await luks(made);
  assert.deepEqual(verdicts(chain, "broken"), []);
  const assumed = linksOf(chain, "initramfs").filter(({ verdict }) => verdict === "assumed");
  assert.match(String(assumed[0]?.why), /not known here; whether it reads rd\.luks\.uuid is not known/);
});

test("words without a root: broken where the initramfs stops without one", async () => {
  const verdictOf = async (inside: Readonly<Record<string, string>>): Promise<string> => {
    const chain = await judged((system) => {
      edit(CFG, `root=UUID=${ROOT} `, "")(system);
      system.files[IMAGE] = initramfsOf(MODULES, inside);
    });
    return linksOf(chain, "root")[0]?.verdict ?? "";
  };
  assert.equal(await verdictOf(TOOLS), "broken");
  assert.equal(await verdictOf({ ...TOOLS, "conf/conf.d/root": `ROOT=UUID=${ROOT}\n` }), "assumed");
  assert.equal(await verdictOf(DRACUT), "broken");
  assert.equal(
    await verdictOf({ ...DRACUT, "etc/cmdline.d/95root.conf": ` root=UUID=${ROOT}\n` }),
    "assumed",
  );
  assert.equal(await verdictOf({ init: "#!/bin/own\n" }), "assumed");
});

test("the card's driver is needed in the initramfs only where the network is", async () => {
  const verdictOf = async (words: string): Promise<string> => {
    const chain = await judged((system) => {
      system.files[CFG] = grubCfg(words);
      system.files[IMAGE] = initramfsOf(MODULES);
      system.vm = { nics: [{ name: "eno1", mac: "52:54:00:00:00:01", model: "virtio" }] };
    });
    return linksOf(chain, "initramfs")[0]?.verdict ?? "";
  };
  assert.equal(await verdictOf("quiet"), "proven");
  assert.equal(await verdictOf("ip=off"), "proven");
  for (const words of ["ip=dhcp", "rd.neednet=1", "netroot=iscsi:192.0.2.1::::iqn.x"])
    assert.equal(await verdictOf(words), "broken", words);
});
