// SPDX-License-Identifier: Apache-2.0
// The layout of the medium: one image for CD and USB stick, BIOS and UEFI. Pure texts, and xorriso with mtools.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../system/index.ts";
import { nothingAttached, renderAttachedHeader } from "./attached.ts";
import { BASE_FILES } from "./base.ts";
import { readInterface } from "./program.ts";
import { filesBelow, LIVECD_DIRECTORY } from "./recipe.ts";

/**
 * The UUID of an ISO 9660 file system is its modification date, YYYYMMDDhhmmsscc (ECMA-119 8.4.27). Ours is made of the
 * contents, so that two media in one machine are told apart, and the same inputs give the same medium.
 */
export function mediumDate(contentSha256: string): string {
  let rest = BigInt(`0x${contentSha256.slice(0, 24)}`);
  const next = (count: number, from: number): string => {
    const value = Number(rest % BigInt(count)) + from;
    rest /= BigInt(count);
    return `${value}`.padStart(2, "0");
  };
  const fields = [next(12, 1), next(28, 1), next(24, 0), next(60, 0), next(60, 0), next(100, 0)];
  return `2026${fields.join("")}`;
}

/** As GRUB and blkid print it: 2026-01-31-12-59-59-00. */
export function mediumUuid(date: string): string {
  return [date.slice(0, 4), ...(date.slice(4).match(/../g) ?? [])].join("-");
}

export function renderMenu(
  template: string,
  { date, parameters }: { date: string; parameters: string },
): string {
  return template
    .replaceAll("@MEDIUM@", date)
    .replaceAll(" @PARAMETERS@", parameters === "" ? "" : ` ${parameters}`);
}

/** On the EFI partition: from there to the menu on the ISO. The signed GRUB reads it before anything else. */
export function renderEfiMenu(date: string): string {
  return `search --no-floppy --fs-uuid --set=root ${mediumUuid(date)}
set prefix=($root)/boot/grub
source $prefix/grub.cfg
`;
}

type Options = {
  readonly base: string;
  readonly program: string;
  /** Of the program. */
  readonly version: string;
  /** For what is attached later, header and squashfs. */
  readonly roomBytes: number;
  readonly out: string;
  readonly scratch: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
};

export async function makeMedium(options: Options): Promise<void> {
  const { base, program, version, roomBytes, out, scratch, epoch, signal } = options;
  const of = (name: keyof typeof BASE_FILES): string => join(base, BASE_FILES[name]);
  const tree = join(scratch, "medium");
  for (const directory of [".disk", "boot/grub", "live", "pxe"])
    await mkdir(join(tree, directory), { recursive: true });
  const template = await readFile(join(LIVECD_DIRECTORY, "boot/grub.cfg"), "utf8");
  const content = [
    template,
    ...(await hashFiles([of("squashfs"), of("kernel"), of("initramfs"), of("grub"), program])),
  ];
  const date = mediumDate(createHash("sha256").update(content.join("\n")).digest("hex"));
  await writeFile(join(tree, ".disk/info"), "virt-p2v live medium\n");
  await writeFile(join(tree, "boot/grub/grub.cfg"), renderMenu(template, { date, parameters: "" }));
  await copyFile(of("elTorito"), join(tree, "boot/grub/eltorito.img"));
  await copyFile(of("kernel"), join(tree, "live/vmlinuz"));
  await copyFile(of("initramfs"), join(tree, "live/initrd.img"));
  await copyFile(of("squashfs"), join(tree, "live/base.squashfs"));
  await copyFile(of("packages"), join(tree, "live/packages.txt"));
  await copyFile(program, join(tree, "live/program.squashfs"));
  await writeFile(join(tree, "live/version"), `${version}\n`);
  const own = { interface: await readInterface(), node: process.version };
  await writeFile(join(tree, "live/attached"), renderAttachedHeader(nothingAttached(own)));
  await truncate(join(tree, "live/attached"), roomBytes);
  await copyFile(of("shim"), join(tree, "pxe/shimx64.efi"));
  await copyFile(of("networkGrub"), join(tree, "pxe/grubx64.efi"));
  await copyFile(of("mokManager"), join(tree, "pxe/mmx64.efi"));
  for (const path of await filesBelow(tree)) await utimes(path, epoch, epoch);
  for (const directory of [".disk", "boot/grub", "boot", "live", "pxe", "."])
    await utimes(join(tree, directory), epoch, epoch);
  const esp = join(scratch, "esp.img");
  await makeEsp(esp, { base, date, epoch, scratch, signal });
  await run(renderXorriso({ tree, esp, hybrid: of("hybrid"), date, out }), {
    signal,
    timeoutMs: 20 * 60_000,
    env: { SOURCE_DATE_EPOCH: `${epoch}` },
  });
}

async function hashFiles(paths: readonly string[]): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const path of paths) {
    const sum = createHash("sha256");
    for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) sum.update(part);
    hashes.push(sum.digest("hex"));
  }
  return hashes;
}

const ESP_BYTES = 8 * 2 ** 20;

/** Firmware looks for EFI/BOOT/BOOTX64.EFI (shim), which looks beside itself for grubx64.efi and mmx64.efi. */
async function makeEsp(
  path: string,
  options: { base: string; date: string; epoch: number; scratch: string; signal: AbortSignal },
): Promise<void> {
  const { base, date, epoch, scratch, signal } = options;
  const file = await open(path, "w");
  await file.close();
  await truncate(path, ESP_BYTES);
  const env = { SOURCE_DATE_EPOCH: `${epoch}`, MTOOLS_SKIP_CHECK: "1" };
  const id = createHash("sha256").update(date).digest("hex").slice(0, 8);
  await run(["mkfs.vfat", "-F", "12", "--invariant", "-n", "P2VEFI", "-i", id, path], { signal });
  await run(["mmd", "-i", path, "::EFI", "::EFI/BOOT", "::boot", "::boot/grub"], { signal, env });
  const menu = join(scratch, "esp-grub.cfg");
  await writeFile(menu, renderEfiMenu(date));
  const files: readonly (readonly [string, string])[] = [
    [join(base, BASE_FILES.shim), "::EFI/BOOT/BOOTX64.EFI"],
    [join(base, BASE_FILES.grub), "::EFI/BOOT/grubx64.efi"],
    [join(base, BASE_FILES.mokManager), "::EFI/BOOT/mmx64.efi"],
    [menu, "::boot/grub/grub.cfg"],
  ];
  for (const [from, to] of files) {
    const copy = join(scratch, "esp-file");
    await copyFile(from, copy);
    await utimes(copy, epoch, epoch);
    await run(["mcopy", "-m", "-i", path, copy, to], { signal, env });
  }
}

/** EFI system partition and Microsoft basic data, as xorriso wants GUIDs: as bytes on the disk. */
const ESP_TYPE = "28732ac11ff8d211ba4b00a0c93ec93b";
const DATA_TYPE = "a2a0d0ebe5b9334487c068b6b72699c7";

/**
 * El Torito for BIOS and for UEFI, an MBR that starts GRUB from a stick, and the EFI partition behind the ISO, in a GPT:
 * not grub-mkrescue's layout, whose tables overlap and whose GRUB is not signed.
 */
export function renderXorriso(options: {
  tree: string;
  esp: string;
  hybrid: string;
  date: string;
  out: string;
}): readonly string[] {
  const { tree, esp, hybrid, date, out } = options;
  return [
    ..."xorriso -as mkisofs -quiet -r -J -joliet-long -V VIRT-P2V --gpt_disk_guid modification-date".split(
      " ",
    ),
    ..."--set_all_file_dates set_to_mtime -partition_offset 16 -c /boot/boot.cat --mbr-force-bootable".split(
      " ",
    ),
    `--modification-date=${date}`,
    ...words("--grub2-mbr", hybrid),
    ...words(
      "-append_partition",
      "2",
      ESP_TYPE,
      esp,
      "-appended_part_as_gpt",
      "-iso_mbr_part_type",
      DATA_TYPE,
    ),
    ..."-b /boot/grub/eltorito.img -no-emul-boot -boot-load-size 4 -boot-info-table".split(" "),
    ..."--grub2-boot-info -eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot".split(
      " ",
    ),
    ...words("-o", out),
    tree,
  ];
}

const words = (...list: readonly string[]): readonly string[] => list;
