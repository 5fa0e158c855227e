// SPDX-License-Identifier: Apache-2.0
// What a conversion changed, as a qcow2 file above each image; and how these files are written into the images.
import { rm, stat } from "node:fs/promises";
import { type SealedView, type SourceDisk, UserError } from "../../core/index.ts";
import { commitOverlay, saveOverlay } from "../../overlay/index.ts";
import type { Images } from "../source/images.ts";

export type OverlayFile = { readonly disk: SourceDisk; readonly path: string };

/** Writes what each view changed into the file for its disk. */
export async function saveOverlays(
  views: readonly SealedView[],
  files: readonly OverlayFile[],
  { images, signal }: { images: Images; signal: AbortSignal },
): Promise<void> {
  for (const view of views) {
    const file = files.find(({ disk }) => disk.number === view.disk.number);
    if (file === undefined) throw new Error(`No overlay file for disk ${view.disk.number}`);
    await saveOverlay(view, file.path, { backing: images.backing(view.disk), signal });
  }
}

/** The overlay file is removed last: until then it holds all that an interrupted write needs. */
export async function writeInPlace(files: readonly OverlayFile[], signal: AbortSignal): Promise<void> {
  for (const { path } of files) {
    try {
      await commitOverlay(path, { signal });
    } catch (cause) {
      throw new UserError("image-not-written", "The changes could not be written into the image", {
        advice: `Fix what is reported below, then run: qemu-img commit -d ${path}`,
        cause,
      });
    }
    await rm(path, { force: true });
  }
}

/** QEMU's lock keeps others out of an image until it is written; a device could be mounted by somebody meanwhile. */
export function refuseDevices(disks: readonly SourceDisk[]): void {
  const device = disks.find(({ kind }) => kind === "device");
  if (device !== undefined)
    throw conversionError(
      `${device.path} is a block device, and only images are changed in place`,
      "Give --overlay FILE, or take an image of it first",
    );
}

export async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths)
    if ((await stat(path).catch(() => null)) !== null)
      throw new UserError("destination-exists", `${path} is there already`, {
        advice: "Name another one, or remove it if it is no longer needed",
      });
}

export const conversionError = (text: string, advice: string): UserError =>
  new UserError("convert-wrong", text, { advice });
