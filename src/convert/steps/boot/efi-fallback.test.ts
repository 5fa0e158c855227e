// SPDX-License-Identifier: Apache-2.0
// The fallback loader of UEFI: made where it is missing, kept where it exists, never somebody else's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { layeredView, type MemoryFile, memoryView } from "../../../system/index.ts";
import { type FakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { efiGuest } from "../../../../tests/support/guests/efi-guest.ts";
import { firstInCsv } from "../../efi/loaders.ts";
import type { Proposal } from "../draft.ts";
import { efiFallback } from "./efi-fallback.ts";

const program = (text: string): Uint8Array => Buffer.from(`MZ ${text}`);
const csv = (text: string): Uint8Array => Buffer.from(`\ufeff${text}\n`, "utf16le");

const DEBIAN: Readonly<Record<string, MemoryFile>> = {
  "/boot/efi/EFI/debian/shimx64.efi": program("shim,1"),
  "/boot/efi/EFI/debian/grubx64.efi": program("grub,1"),
  "/boot/efi/EFI/debian/mmx64.efi": program("keys"),
  "/boot/efi/EFI/debian/fbx64.efi": program("fallback"),
  "/boot/efi/EFI/debian/BOOTX64.CSV": csv("shimx64.efi,debian,,This is the boot entry for debian"),
};

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
