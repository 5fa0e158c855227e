// SPDX-License-Identifier: Apache-2.0
// The room on a medium for what is attached later: its format, and where it is. Written in place, nothing else of the image
// changes, so it boots as before. livecd/initramfs/attached reads it at boot.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { UserError } from "../core/index.ts";
import { run } from "../system/index.ts";

/** A header of lines NAME=VALUE, filled with newlines; then a squashfs of `length` bytes, a multiple of 4096. */
export const HEADER_BYTES = 4096;
const MAGIC = "virt-p2v attached/1";

export type AttachedHeader = {
  /** livecd/interface of the base: what a program must be made for. */
  readonly interface: string;
  /** Version of the Node on the medium, `v24.1.0`. */
  readonly node: string;
  /** Of the attached program; null: nothing is attached. */
  readonly version: string | null;
  readonly length: number;
  readonly sha256: string;
};

export const nothingAttached = (own: Pick<AttachedHeader, "interface" | "node">): AttachedHeader => ({
  ...own,
  version: null,
  length: 0,
  sha256: "",
});

export function renderAttachedHeader(header: AttachedHeader): Buffer {
  const { interface: fits, node, version, length, sha256 } = header;
  const lines = [MAGIC, `interface=${fits}`, `node=${node}`, `length=${length}`];
  if (version !== null) lines.push(`sha256=${sha256}`, `version=${version}`);
  const text = `${lines.join("\n")}\n`;
  if (text.length > HEADER_BYTES) throw new Error("The header of what is attached is too long");
  return Buffer.from(text.padEnd(HEADER_BYTES, "\n"), "latin1");
}

/** null: these bytes are not a header. */
export function parseAttachedHeader(bytes: Uint8Array): AttachedHeader | null {
  const text = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString("latin1");
  if (bytes.length < HEADER_BYTES || !text.startsWith(`${MAGIC}\n`)) return null;
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  const length = /^\d{1,10}$/.test(value("length")) ? Number(value("length")) : -1;
  if (length < 0 || length % 4096 !== 0) return null;
  const header = { interface: value("interface"), node: value("node"), length, sha256: value("sha256") };
  return { ...header, version: length === 0 ? null : value("version") };
}

export type Room = { readonly offset: number; readonly sizeBytes: number; readonly header: AttachedHeader };

/** Where the room of this image is, and what is in it. UserError (usage): the image has none. */
export async function findRoom(iso: string, signal: AbortSignal): Promise<Room> {
  const { stdout } = await readIso(
    iso,
    ["-find", "/", "-wholename", "/live/attached", "-exec", "report_lba", "--"],
    signal,
  );
  const extent = parseExtent(stdout);
  const header = extent === null ? null : await readHeader(iso, extent.offset);
  if (extent === null || header === null)
    throw new UserError("iso-without-room", `${iso} has no room for a program to be attached`, {
      advice: "Take an image of virt-p2v iso build",
    });
  return { ...extent, header };
}

/** xorriso's `File data lba:  0 ,    12345 ,    49152 , 100663296 , '/live/attached'`: start and size in blocks, bytes. */
export function parseExtent(text: string): { readonly offset: number; readonly sizeBytes: number } | null {
  const found = [...text.matchAll(/^File data lba: *\d+ , *(\d+) , *\d+ , *(\d+) , /gm)];
  const [, block = "", bytes = ""] = found[0] ?? [];
  return found.length === 1 ? { offset: Number(block) * 2048, sizeBytes: Number(bytes) } : null;
}

async function readHeader(iso: string, offset: number): Promise<AttachedHeader | null> {
  await using file = await open(iso, "r");
  const bytes = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await file.read(bytes, 0, HEADER_BYTES, offset);
  return parseAttachedHeader(bytes.subarray(0, bytesRead));
}

/** What is in the image's tree is asked of xorriso. UserError (usage) where this is not an image that it can read. */
export async function readIso(
  iso: string,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly stdout: string }> {
  try {
    await access(iso, constants.R_OK); // to xorriso a file that is not there is an empty medium
    const load = ["xorriso", "-report_about", "SORRY", "-osirrox", "on", "-indev", iso];
    return await run([...load, ...argv], { signal, timeoutMs: 10 * 60_000 });
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError("iso-unreadable", `${iso} is not an image that can be read`, {
      advice: "Name an image that virt-p2v iso build made; xorriso must be installed",
      cause,
    });
  }
}

/**
 * Writes a squashfs into the room of the image at `path`: the old header goes first, the new one comes last, so that a
 * medium that was cut off in between runs its own program.
 */
export async function fillRoom(
  path: string,
  room: Room,
  attached: { readonly squashfs: string; readonly version: string },
): Promise<void> {
  await using file = await open(path, "r+");
  await file.write(renderAttachedHeader(nothingAttached(room.header)), 0, HEADER_BYTES, room.offset);
  await file.datasync();
  const sum = createHash("sha256");
  let length = 0;
  await pipeline(createReadStream(attached.squashfs, { highWaterMark: 2 ** 20 }), async (parts) => {
    for await (const part of parts as AsyncIterable<Buffer>) {
      sum.update(part);
      await file.write(part, 0, part.length, room.offset + HEADER_BYTES + length);
      length += part.length;
    }
  });
  await file.datasync();
  const header = { ...room.header, version: attached.version, length, sha256: sum.digest("hex") };
  await file.write(renderAttachedHeader(header), 0, HEADER_BYTES, room.offset);
  await file.datasync();
}
