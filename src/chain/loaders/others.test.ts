// SPDX-License-Identifier: Apache-2.0
// Loaders whose own configuration says little or nothing of what they start: LILO, and those that are not of this system.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chain, ChainLink, ChainPlace } from "../../core/index.ts";
import { type Bootable, debian, judge, RELEASE, ROOT } from "../../../tests/support/guests/bootable.ts";
import { CFG, uefi, verdicts } from "../../../tests/support/guests/bootable-loaders.ts";

const FALLBACK = "/boot/efi/EFI/BOOT/BOOTX64.EFI";
const CONF = "/etc/lilo.conf";

function linkOf({ links }: Chain, place: ChainPlace): ChainLink {
  const found = links.find((link) => link.place === place);
  assert.ok(found !== undefined, place);
  return found;
}

async function withFallback(bytes: string): Promise<Chain> {
  const system = uefi();
  system.files[FALLBACK] = bytes;
  return await judge(system);
}

const wide = (text: string): string => Buffer.from(text, "utf16le").toString("latin1");

test("the fallback loader is told by its bytes, whatever menus lie in the guest", async () => {
  const windows = await withFallback("MZ RSDS bootmgfw.pdb");
  const firmware = linkOf(windows, "firmware");
  assert.equal(firmware.verdict, "broken");
  assert.match(String(firmware.why), /boot loader of Windows/);
  assert.notEqual(linkOf(windows, "loader").verdict, "proven");
  const refind = await withFallback(`MZ GRUB ${wide("rEFInd - systemd-boot")}`);
  assert.deepEqual(verdicts(refind, "broken"), []);
  assert.match(String(linkOf(refind, "loader").text), /rEFInd/);
  for (const bytes of ["MZ something else", `MZ${"x".repeat(17 * 2 ** 20)}`]) {
    const unknown = await withFallback(bytes);
    assert.deepEqual(verdicts(unknown, "broken"), []);
    assert.equal(linkOf(unknown, "firmware").verdict, "assumed");
    assert.equal(linkOf(unknown, "loader").verdict, "assumed");
    assert.match(String(linkOf(unknown, "loader").why), /whether this loader is started is not known/);
  }
});

test("an entry of the firmware that starts Windows was there before", async () => {
  const system = uefi();
  system.files["/boot/efi/EFI/Microsoft/Boot/bootmgfw.efi"] = "MZ bootmgfw.pdb";
  const partition = { number: 4, startBytes: 2 ** 20, sizeBytes: 2 ** 28, uuid: "1a2b3c4d-04" };
  const file = String.raw`\EFI\Microsoft\Boot\bootmgfw.efi`;
  system.vm = {
    ...system.vm,
    bootEntries: [{ active: true, partition, file, label: "Windows" }],
  };
  const chain = await judge(system);
  assert.deepEqual(verdicts(chain, "broken"), []);
  assert.equal(linkOf(chain, "firmware").verdict, "assumed");
  assert.match(String(linkOf(chain, "loader").text), /Windows/);
});

test("unknown boot code proves no menu", async () => {
  const system = debian();
  system.disk = { ...system.disk, boot: { kind: "other" } };
  assert.equal(linkOf(await judge(system), "loader").verdict, "assumed");
});

function lilo(conf: string): Bootable {
  const system = debian();
  delete system.files[CFG];
  system.files[CONF] = conf;
  system.disk = { ...system.disk, boot: { kind: "lilo" } };
  return system;
}

const GOOD = `boot=/dev/sda
map=/boot/map
default=Linux
prompt
timeout=50
image=/boot/vmlinuz-old
	label=Old
image = /boot/vmlinuz-${RELEASE}
	label = "Linux"	# the new one
	root = "UUID=${ROOT}"
	read-only
	append = "quiet"
	initrd = /boot/initrd.img-${RELEASE}
`;

test("LILO: each link says that its map was not read, and what it waits for", async () => {
  const chain = await judge(lilo(GOOD));
  assert.deepEqual(verdicts(chain, "broken"), []);
  assert.match(String(linkOf(chain, "firmware").text), /LILO/);
  const loader = linkOf(chain, "loader");
  assert.equal(String(loader.text), 'LILO starts "Linux"');
  assert.equal(loader.verdict, "assumed");
  assert.match(
    String(loader.why),
    /sectors by number, which a full copy keeps; it names disks by BIOS number/,
  );
  for (const place of ["kernel", "initramfs"] as const) {
    assert.equal(linkOf(chain, place).verdict, "assumed", place);
    assert.match(String(linkOf(chain, place).why), /sectors of its map/);
  }
  assert.equal(linkOf(chain, "root").verdict, "proven");
  const why = async (conf: string): Promise<string> => String(linkOf(await judge(lilo(conf)), "loader").why);
  assert.match(await why(GOOD.replace("timeout=50\n", "")), /waits until somebody chooses/);
  assert.match(await why(`password=x\n${GOOD}`), /asks for a password/);
  assert.doesNotMatch(await why(`password=x\nrestricted\n${GOOD}`), /asks for a password/);
  assert.match(await why("# nothing\n"), /no \/etc\/lilo\.conf with an image/);
});

test("LILO: what its configuration names must be there, and be the VM's", async () => {
  const broken = async (conf: string): Promise<string> =>
    verdicts(await judge(lilo(conf)), "broken").join("\n");
  assert.match(await broken(GOOD.replace("default=Linux\n", "")), /kernel: .*vmlinuz-old/);
  assert.match(await broken(GOOD.replace(`"UUID=${ROOT}"`, "/dev/sda1")), /root: .*no device of the name/);
  const left = debian();
  left.files[CONF] = GOOD;
  assert.deepEqual(verdicts(await judge(left), "assumed"), [], "a remnant beside GRUB counts for nothing");
});

test("a fallback loader that nobody knows is told by the loader whose copy it is", async () => {
  const system = uefi();
  system.files[FALLBACK] = "MZ of somebody";
  system.files["/boot/efi/EFI/other/boot.efi"] = "MZ of another body";
  system.files["/boot/efi/EFI/Microsoft/Boot/bootmgfw.efi"] = "MZ of somebody";
  const [link] = (await judge(system)).links;
  assert.equal(link?.verdict, "assumed");
  assert.match(String(link.why), /the same as \/boot\/efi\/EFI\/Microsoft\/Boot\/bootmgfw\.efi;/);
});
