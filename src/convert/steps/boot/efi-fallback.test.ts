// SPDX-License-Identifier: Apache-2.0
// The fallback loader of UEFI: made where it is missing, kept where it is there, never somebody else's. And unified kernel
// images, which are looked into only.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { BlockGraph, GuestOS } from "../../../core/index.ts";
import { layeredView, type MemoryFile, memoryView } from "../../../system/index.ts";
import { type FakeGuest, fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import {
  diskGraph,
  KERNEL,
  MODULES,
  ROOT_UUID,
  testGuestOS,
  testIntent,
} from "../../../../tests/support/guests/sample-guest.ts";
import { cpioOf } from "../../../../tests/support/cpio.ts";
import type { Proposal } from "../draft.ts";
import { efiFallback } from "./efi-fallback.ts";
import { unifiedKernels } from "./unified-kernels.ts";
import { firstInCsv } from "../../efi/loaders.ts";
import { unifiedCmdline } from "../../efi/uki.ts";

const ESP_NODE = "disk:1/part:3/filesystem";

function espGraph(): BlockGraph {
  const { nodes, edges } = diskGraph();
  const node = { path: "disk.img", sizeBytes: 2 ** 26, sectorBytes: 512 };
  const type = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
  const part = { kind: "partition", number: 3, type, uuid: null, bootable: null } as const;
  const fat = { kind: "filesystem", type: "vfat", uuid: "C1F2-E3D4", label: null } as const;
  return {
    nodes: [...nodes, { ...node, id: "disk:1/part:3", holds: part }, { ...node, id: ESP_NODE, holds: fat }],
    edges: [
      ...edges,
      { from: "disk:1/part:3", to: "disk:1", map: null },
      { from: ESP_NODE, to: "disk:1/part:3", map: null },
    ],
  };
}

const program = (text: string): Uint8Array => Buffer.from(`MZ ${text}`);
const csv = (text: string): Uint8Array => Buffer.from(`\ufeff${text}\n`, "utf16le");

const DEBIAN: Readonly<Record<string, MemoryFile>> = {
  "/boot/efi/EFI/debian/shimx64.efi": program("shim,1"),
  "/boot/efi/EFI/debian/grubx64.efi": program("grub,1"),
  "/boot/efi/EFI/debian/mmx64.efi": program("keys"),
  "/boot/efi/EFI/debian/fbx64.efi": program("fallback"),
  "/boot/efi/EFI/debian/BOOTX64.CSV": csv("shimx64.efi,debian,,This is the boot entry for debian"),
};

type Options = { readonly path?: string; readonly guest?: Partial<GuestOS>; readonly bios?: boolean };

async function efiGuest(
  t: TestContext,
  files: Readonly<Record<string, MemoryFile>>,
  { path = "/boot/efi", guest = {}, bios = false }: Options = {},
): Promise<FakeGuest> {
  const mounts = [{ path, spec: "UUID=C1F2-E3D4", type: "vfat", options: "", node: ESP_NODE }];
  const storage = espGraph();
  const firmware = bios ? { kind: "bios" as const } : { kind: "uefi" as const, secureBoot: false };
  return await fakeGuest(t, {
    view: memoryView({ [`${path}/EFI`]: { directory: true }, ...files }),
    guest: testGuestOS({ mounts, ...guest }),
    intent: { ...testIntent({ storage }), firmware },
  });
}

const run = (guest: FakeGuest): Promise<Proposal> => proposeStep(efiFallback, guest);

/** `NAME < text of it`, by what the new files hold. */
async function added(guest: FakeGuest, { changes }: Proposal): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { path, before, after } of changes) {
    assert.equal(before.kind, "absent");
    assert.ok(after.kind === "bytes");
    assert.equal(after.mode, 0o755); // vfat refuses another
    const text = Buffer.from(await guest.blobs.get(after.sha256)).toString("latin1");
    lines.push(`${path.replace(/^\/(boot\/efi|efi|boot)\/EFI/, "")} < ${text.replace(/^MZ /, "")}`);
  }
  return lines.toSorted();
}

const codes = ({ problems }: Proposal): readonly string[] => problems.map(({ code }) => code);

test("problem 6: shim becomes BOOTX64.EFI, with GRUB, key manager and fallback program beside it; a second run adds nothing", async (t) => {
  const guest = await efiGuest(t, DEBIAN);
  const proposal = await run(guest);
  assert.deepEqual(await added(guest, proposal), [
    "/BOOT/BOOTX64.EFI < shim,1",
    "/BOOT/fbx64.efi < fallback",
    "/BOOT/grubx64.efi < grub,1",
    "/BOOT/mmx64.efi < keys",
  ]);
  assert.deepEqual(codes(proposal), []);
  const again = { ...guest, view: layeredView(guest.view, guest.blobs, proposal.changes) };
  assert.deepEqual(await run(again), { changes: [], problems: [] });
});

test("the fallback program is left out where BOOTX64.CSV names a file that is not there, or is none", async (t) => {
  for (const content of [csv("gone.efi,debian,,x"), Buffer.from("shimx64.efi"), new Uint8Array(0)]) {
    const guest = await efiGuest(t, { ...DEBIAN, "/boot/efi/EFI/debian/BOOTX64.CSV": content });
    const names = await added(guest, await run(guest));
    assert.equal(names.length, 3);
    assert.ok(!names.some((line) => line.includes("fallback")));
  }
});

test("GRUB without shim, and systemd-boot, are copied alone; names of FAT have no case", async (t) => {
  const grub = await efiGuest(t, { "/boot/efi/EFI/Gentoo/GRUBX64.EFI": program("grub,2") });
  assert.deepEqual(await added(grub, await run(grub)), ["/BOOT/BOOTX64.EFI < grub,2"]);
  const both = {
    "/efi/EFI/systemd/systemd-bootx64.efi": program("sd"),
    "/efi/EFI/arch/grubx64.efi": program("grub,2"),
  };
  const systemd = await efiGuest(t, both, { path: "/efi", guest: { id: "arch", loader: "systemd-boot" } });
  assert.deepEqual(await added(systemd, await run(systemd)), ["/BOOT/BOOTX64.EFI < sd"]);
  const arch = await efiGuest(t, both, { path: "/efi", guest: { id: "arch" } });
  assert.deepEqual(await added(arch, await run(arch)), ["/BOOT/BOOTX64.EFI < grub,2"]);
});

test("the distribution's own directory comes before that of another one", async (t) => {
  const files = {
    "/boot/efi/EFI/arch/grubx64.efi": program("arch"),
    "/boot/efi/EFI/redhat/shimx64.efi": program("shim"),
    "/boot/efi/EFI/redhat/grubx64.efi": program("redhat"),
  };
  const guest = await efiGuest(t, files, { guest: { family: "redhat", id: "rhel" } });
  assert.deepEqual(await added(guest, await run(guest)), [
    "/BOOT/BOOTX64.EFI < shim",
    "/BOOT/grubx64.efi < redhat",
  ]);
});

test("a shim that is there already without the GRUB it starts gets it, and nothing else", async (t) => {
  const guest = await efiGuest(t, { ...DEBIAN, "/boot/efi/EFI/Boot/bootx64.efi": program("shim,1") });
  const proposal = await run(guest);
  assert.deepEqual(
    proposal.changes.map(({ path }) => path),
    ["/boot/efi/EFI/Boot/grubx64.efi"],
  );
});

test("somebody else's BOOTX64.EFI is kept, and said; an older shim is kept without a word", async (t) => {
  const windows = await efiGuest(t, { ...DEBIAN, "/boot/efi/EFI/BOOT/BOOTX64.EFI": program("bootmgfw") });
  const kept = await run(windows);
  assert.deepEqual(kept.changes, []);
  assert.deepEqual(codes(kept), ["efi-fallback-foreign"]);
  const older = await efiGuest(t, { ...DEBIAN, "/boot/efi/EFI/BOOT/BOOTX64.EFI": program("shim,0") });
  assert.deepEqual(await run(older), { changes: [], problems: [] });
});

test("no loader, no partition, a BIOS guest, and files that only look like loaders", async (t) => {
  const empty = await efiGuest(t, { "/boot/efi/EFI/debian/grubx64.efi": "no program" });
  assert.deepEqual(codes(await run(empty)), ["efi-no-loader"]);
  const unseen = await efiGuest(t, {}, { guest: { mounts: [] } });
  assert.deepEqual(codes(await run(unseen)), ["efi-not-seen"]);
  const unmounted = await efiGuest(t, {}, { path: "/efi" });
  const view = memoryView({ "/efi": { directory: true } });
  assert.deepEqual(codes(await run({ ...unmounted, view })), ["efi-not-seen"]);
  const bios = await efiGuest(t, DEBIAN, { bios: true });
  assert.deepEqual(await run(bios), { changes: [], problems: [] });
});

test("names in a BOOTX64.CSV are names, not paths", () => {
  assert.equal(firstInCsv(Buffer.from(csv("shimx64.efi,Fedora,,x"))), "shimx64.efi");
  for (const text of ["../shimx64.efi,x", "a\\b.efi", "", `${"a".repeat(100)},x`])
    assert.equal(firstInCsv(Buffer.from(csv(text))), null, text);
});

/** A PE program with one section. */
function unified(cmdline: string, more: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  const sections = Object.entries({ ".cmdline": Buffer.from(cmdline), ...more });
  const head = Buffer.alloc(512);
  head.write("MZ", 0);
  head.writeUInt32LE(0x40, 0x3c);
  head.write("PE\0\0", 0x40);
  head.writeUInt16LE(sections.length, 0x46);
  let end = head.length;
  for (const [index, [name, bytes]] of sections.entries()) {
    const at = 0x58 + 40 * index;
    head.write(name, at);
    for (const [field, value] of [bytes.length, 0, bytes.length, end].entries())
      head.writeUInt32LE(value, at + 8 + 4 * field);
    end += bytes.length;
  }
  return Buffer.concat([head, ...sections.map(([, bytes]) => bytes)]);
}

test("the initramfs in a unified kernel image is opened: what it lacks is named, and what lacks nothing is not", async (t) => {
  const inside = (modules: readonly string[]): Uint8Array =>
    gzipSync(
      cpioOf(
        Object.fromEntries(
          modules.map((name) => [`usr/lib/modules/${KERNEL}/kernel/drivers/${name}.ko`, "module"]),
        ),
      ),
    );
  const release = Buffer.from(`${KERNEL}\0`);
  const proposed = async (more: Readonly<Record<string, Uint8Array>>): Promise<Proposal> => {
    const files = { "/boot/efi/EFI/Linux/linux.efi": unified(`root=UUID=${ROOT_UUID} ro`, more) };
    return await proposeStep(
      unifiedKernels,
      await efiGuest(t, {
        ...files,
        [`/lib/modules/${KERNEL}/modules.dep`]: [...MODULES, "ext4"]
          .map((name) => `kernel/drivers/${name}.ko:\n`)
          .join(""),
      }),
    );
  };
  const whole = await proposed({ ".uname": release, ".initrd": inside([...MODULES, "ext4"]) });
  assert.deepEqual(whole, { changes: [], problems: [] });
  const { problems } = await proposed({ ".uname": release, ".initrd": inside(["ext4", "virtio_pci"]) });
  assert.equal(problems[0]?.code, "uki-lacks-drivers");
  assert.match(problems[0]?.text ?? "", /lacks virtio_blk, .*virtio_net/);
  const unknown = await proposed({ ".uname": Buffer.from("9.9.9"), ".initrd": inside(MODULES) });
  assert.match(unknown.problems[0]?.text ?? "", /modules of its kernel \(9\.9\.9\) are not in the guest/);
  const damaged = await proposed({ ".uname": release, ".initrd": Buffer.from([1, 2, 3, 4]) });
  assert.match(damaged.problems[0]?.text ?? "", /is not known: It is no initramfs/);
});

test("a unified kernel image that names a disk of the old machine is reported with what it should say", async (t) => {
  const files = { "/boot/efi/EFI/Linux/linux.efi": unified("root=/dev/sda1 ro quiet") };
  const { changes, problems } = await proposeStep(unifiedKernels, await efiGuest(t, files));
  assert.deepEqual(changes, []);
  assert.equal(problems[0]?.code, "uki-names-hardware");
  assert.match(problems[0]?.advice ?? "", /"root=UUID=3f1c2a4e-\S+ ro quiet"/);
});

test("damaged unified kernel images have no command line", () => {
  const whole = unified("root=UUID=1 ro");
  assert.equal(unifiedCmdline(whole), "root=UUID=1 ro");
  for (let length = 0; length < 120; length += 1)
    assert.equal(unifiedCmdline(whole.subarray(0, length)) ?? "", "", `${length} bytes`);
  for (const at of [0x3c, 0x46, 0x54, 0x60, 0x68, 0x6c]) {
    const spoiled = Buffer.from(whole);
    spoiled.writeUInt32LE(0xffff_fff0, at);
    assert.doesNotThrow(() => unifiedCmdline(spoiled));
  }
});
