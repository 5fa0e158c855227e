// SPDX-License-Identifier: Apache-2.0
// Opens what the user names as a source disk: a block device or a raw image. Says plainly why something is none.
import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { lastWords, type SourceDisk, UserError } from "../../core/index.ts";
import { isErrno, run, RunError } from "../../system/index.ts";
import { openReader, type Reader } from "./reader.ts";

/**
 * Checks a path given by the user. Links are resolved, so that one disk named twice is seen to be one.
 * UserErrors of area `source`: source-missing, source-no-permission, source-not-a-disk, source-unreadable, image-empty, image-not-raw,
 * image-odd-size.
 */
export async function openSourceDisk(path: string, number: number): Promise<SourceDisk> {
  const found = await lookAt(path);
  if (found.kind === "device") {
    const { sizeBytes, sectorBytes } = parseBlockdev(await readSize(found.path));
    if (sizeBytes === 0) throw empty(path, "has no size: no medium?");
    return { number, path: found.path, kind: "device", sizeBytes, sectorBytes };
  }
  const { sizeBytes } = found;
  if (sizeBytes === 0) throw empty(path, "is empty");
  await using reader = await openReader(found.path, sizeBytes);
  const format = findImageFormat(await reader.read(0, Math.min(512, sizeBytes)));
  if (format !== null)
    throw new UserError("image-not-raw", `${path} is not a raw disk image: its format is ${format}`, {
      advice: CONVERTED.has(format)
        ? `Convert it first: qemu-img convert -O raw ${path} ${path}.img`
        : RESTORED.has(format)
          ? "Restore it to a raw image first, with the program that made it"
          : "Unpack it first, and give the raw image",
    });
  if (sizeBytes % 512 !== 0)
    throw new UserError("image-odd-size", `${path} has ${sizeBytes} bytes, which is not a multiple of 512`, {
      advice: "Check that it is a raw image of a whole disk, and that the copy of it was not cut off",
    });
  return { number, path: found.path, kind: "file", sizeBytes, sectorBytes: await sniffSectorBytes(reader) };
}

/** A drive without a medium, one that is dead, and one that this container may not use have a node, too. */
async function readSize(path: string): Promise<string> {
  try {
    return (await run(["blockdev", "--getsize64", "--getss", path])).stdout;
  } catch (error) {
    if (!(error instanceof RunError) || error.timedOut) throw error;
    throw new UserError("source-unreadable", `${path} cannot be opened: ${lastWords(error.stderr)}`, {
      advice:
        "Check that there is a medium in it, that the disk answers (dmesg), and that this system may use it",
      cause: error,
    });
  }
}

type Found =
  | { readonly kind: "device"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly sizeBytes: number };

async function lookAt(given: string): Promise<Found> {
  try {
    const path = await realpath(given);
    const about = await stat(path);
    if (!about.isFile() && !about.isBlockDevice())
      throw new UserError("source-not-a-disk", `${given} is neither a block device nor a disk image`, {
        advice: "Give a whole disk, like /dev/sda, or the file of a raw disk image; lsblk lists the disks",
      });
    await access(path, constants.R_OK);
    return about.isBlockDevice() ? { kind: "device", path } : { kind: "file", path, sizeBytes: about.size };
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP"))
      throw new UserError("source-missing", `There is no ${given}`, {
        advice: "Check the path; lsblk lists the disks of this machine",
        cause: error,
      });
    if (isErrno(error, "EACCES", "EPERM"))
      throw new UserError("source-no-permission", `${given} may not be read by this user`, {
        advice: "Run virt-p2v as root",
        cause: error,
      });
    throw error;
  }
}

function empty(path: string, what: string): UserError {
  return new UserError("image-empty", `${path} ${what}`, {
    advice: "Give a whole disk or a raw image of one",
  });
}

/** The two lines of `blockdev --getsize64 --getss`. */
export function parseBlockdev(text: string): { sizeBytes: number; sectorBytes: number } {
  const [sizeBytes, sectorBytes, ...more] = text.trim().split(/\s+/).map(Number);
  if (sizeBytes === undefined || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || more.length > 0)
    throw new Error(`blockdev told no size: ${text.slice(0, 80)}`);
  if (sectorBytes === undefined || !(sectorBytes >= 512 && sectorBytes <= 65_536) || sizeBytes % 512 !== 0)
    throw new Error(`blockdev told no sector size: ${text.slice(0, 80)}`);
  return { sizeBytes, sectorBytes };
}

const IMAGE_MAGIC: readonly (readonly [format: string, magic: string, at?: number])[] = [
  ["QCOW2", "514649fb"],
  ["QED", "51454400"],
  ["VMDK", "4b444d56"],
  ["VMDK", "434f5744"],
  ["VMDK", "23204469736b2044"],
  ["VHDX", "7668647866696c65"],
  ["VHD", "636f6e6563746978"],
  ["VDI", "7f10dabe", 64],
  ["Parallels", "576974686f75"], // WithoutFreeSpace, WithouFreSpacExt
  ["gzip", "1f8b08"],
  ["xz", "fd377a585a00"],
  ["zstd", "28b52ffd"],
  ["bzip2", "425a6839"],
  ["lz4", "04224d18"],
  ["lzop", "894c5a4f000d0a1a0a"],
  ["zip", "504b0304"],
  ["7z", "377abcaf271c"],
  ["tar", "7573746172", 257], // an OVA too
  ["partclone", "70617274636c6f6e652d696d616765"],
  ["EWF (E01)", "455646090d0aff00"],
];
const CONVERTED: ReadonlySet<string> = new Set(["QCOW2", "QED", "VMDK", "VHDX", "VHD", "VDI", "Parallels"]);
const RESTORED: ReadonlySet<string> = new Set(["partclone", "EWF (E01)"]);

/** Names the format whose magic number is in the first sector, as far as people mistake it for a raw image. */
export function findImageFormat(head: Uint8Array): string | null {
  const hex = Buffer.from(head).toString("hex");
  return IMAGE_MAGIC.find(([, magic, at = 0]) => hex.startsWith(magic, at * 2))?.[0] ?? null;
}

/** An image brings no sector size: the place of its GPT header tells it, else 512. */
async function sniffSectorBytes(reader: Reader): Promise<number> {
  const isGpt = async (at: number): Promise<boolean> =>
    Buffer.from(await reader.read(at, 8)).toString("latin1") === "EFI PART";
  return !(await isGpt(512)) && (await isGpt(4096)) ? 4096 : 512;
}
