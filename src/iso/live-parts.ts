// SPDX-License-Identifier: Apache-2.0
// The live system as one kernel and one initramfs, out of an image or of a directory of `iso pxe`: for whoever starts it
// without a medium. What the initramfs is made of stays where it is until it is written.
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../core/index.ts";
import { isErrno } from "../system/index.ts";
import { HEADER_BYTES, parseAttachedHeader } from "./attached.ts";
import { type Extent, findOnIso } from "./iso9660.ts";
import { align, type ArchiveFile, archiveEnd, archiveHead } from "./newc.ts";
import { commonWords } from "./pxe.ts";

export interface LiveParts extends AsyncDisposable {
  /** Of the program that would run; null: an image of before it was written there. */
  readonly version: string | null;
  /** For the kernel's command line. */
  readonly words: string;
  /** Of kernel and initramfs together. */
  readonly sizeBytes: number;
  writeKernel(path: string, options: { signal: AbortSignal }): Promise<void>;
  /** With these files in an archive of their own, at its end; readable by root alone. */
  writeInitramfs(path: string, options: { more: readonly ArchiveFile[]; signal: AbortSignal }): Promise<void>;
}

type Piece = { readonly file: FileHandle; readonly extent: Extent } | Buffer;

/** UserError (usage) where there is no live system of ours in it. */
export async function openLiveParts(
  from: { readonly iso: string } | { readonly pxe: string },
): Promise<LiveParts> {
  await using opened = new AsyncDisposableStack();
  const openFile = async (path: string): Promise<FileHandle> => {
    try {
      const file = await open(path, "r");
      opened.defer(() => file.close());
      return file;
    } catch (cause) {
      throw notLive(path, cause);
    }
  };
  const found = "iso" in from ? await onIso(from.iso, openFile) : await inTree(from.pxe, openFile);
  const resources = opened.move();
  const { version, words, kernel, initramfs } = found;
  return {
    version,
    words,
    sizeBytes: [kernel, ...initramfs].reduce((sum, piece) => sum + sizeOf(piece), 0),
    writeKernel: (path, { signal }) => writePieces(path, [kernel], signal),
    writeInitramfs: (path, { more, signal }) => writePieces(path, [...initramfs, ...archive(more)], signal),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type Found = {
  readonly version: string | null;
  readonly words: string;
  readonly kernel: Piece;
  readonly initramfs: readonly Piece[];
};

type OpenFile = (path: string) => Promise<FileHandle>;

async function onIso(iso: string, openFile: OpenFile): Promise<Found> {
  const file = await openFile(iso);
  const find = async (path: string): Promise<Piece & { extent: Extent }> => {
    const extent = await findOnIso(file, path);
    if (extent === null) throw notLive(iso);
    return { file, extent };
  };
  const attached = await find("live/attached");
  const head = await readPiece({ file, extent: { ...attached.extent, sizeBytes: HEADER_BYTES } });
  const header = parseAttachedHeader(head);
  if (header === null) throw notLive(iso);
  const own = await findOnIso(file, "live/version");
  const parts = [
    { name: "base.squashfs", piece: await find("live/base.squashfs") },
    { name: "program.squashfs", piece: await find("live/program.squashfs") },
  ];
  if (header.length > 0) {
    const extent = { offset: attached.extent.offset, sizeBytes: HEADER_BYTES + header.length };
    if (extent.sizeBytes > attached.extent.sizeBytes) throw notLive(iso);
    parts.push({ name: "attached", piece: { file, extent } });
  }
  const version = own === null ? null : (await readText({ file, extent: own })).trim();
  return {
    version: header.version ?? version,
    words: commonWords(await readText(await find("boot/grub/grub.cfg"))),
    kernel: await find("live/vmlinuz"),
    initramfs: [...padded(await find("live/initrd.img")), ...liveArchive(parts)],
  };
}

/** The parts as files of the initramfs, as src/iso/pxe.ts lays them: the sizes come first. */
function liveArchive(
  parts: readonly { readonly name: string; readonly piece: Piece & { extent: Extent } }[],
): readonly Piece[] {
  const sizes = parts.map(({ name, piece }) => `${piece.extent.sizeBytes} ${name}\n`).join("");
  return [
    archiveHead({ name: "live", mode: 0o40755, sizeBytes: 0, number: 1 }),
    archiveHead({ name: "live/sizes", mode: 0o100644, sizeBytes: sizes.length, number: 2 }),
    align(Buffer.from(sizes)),
    ...parts.flatMap(({ name, piece }, index) => [
      archiveHead({
        name: `live/${name}`,
        mode: 0o100644,
        sizeBytes: piece.extent.sizeBytes,
        number: 3 + index,
      }),
      ...padded(piece),
    ]),
    archiveEnd(),
  ];
}

/** The answers of this server: a directory, and what is in it. */
function archive(files: readonly ArchiveFile[]): readonly Piece[] {
  return [
    ...files.flatMap(({ name, mode, bytes }, index) => [
      archiveHead({ name, mode, sizeBytes: bytes.length, number: 1000 + index }),
      align(Buffer.from(bytes)),
    ]),
    archiveEnd(),
  ];
}

async function inTree(directory: string, openFile: OpenFile): Promise<Found> {
  const whole = async (name: string): Promise<Piece & { extent: Extent }> => {
    const file = await openFile(join(directory, name));
    return { file, extent: { offset: 0, sizeBytes: (await file.stat()).size } };
  };
  const menu = await readText(await whole("pxelinux.cfg/default"));
  const words = /^\s*APPEND\s+(\S.*)$/m.exec(menu)?.[1];
  if (words === undefined) throw notLive(directory);
  const version = await whole("version").catch((error: unknown) => {
    if (error instanceof UserError) return null;
    throw error;
  });
  return {
    version: version === null ? null : (await readText(version)).trim(),
    words,
    kernel: await whole("vmlinuz"),
    initramfs: padded(await whole("initrd.img")),
  };
}

function notLive(path: string, cause?: unknown): UserError {
  const isThere = !isErrno(cause, "ENOENT");
  const text = isThere ? `${path} holds no live system of virt-p2v that can be read` : `There is no ${path}`;
  return new UserError("live-parts-wrong", text, {
    advice: "Give --iso an image of virt-p2v iso build, or --pxe a directory of virt-p2v iso pxe",
    cause,
  });
}

const sizeOf = (piece: Piece): number => (Buffer.isBuffer(piece) ? piece.length : piece.extent.sizeBytes);

/** Archives and what is in them begin at multiples of 4 bytes. */
const padded = (piece: Piece & { extent: Extent }): readonly Piece[] => [
  piece,
  Buffer.alloc((4 - (piece.extent.sizeBytes % 4)) % 4),
];

const MAX_TEXT_BYTES = 2 ** 16;
const CHUNK_BYTES = 2 ** 20;

async function readText(piece: { file: FileHandle; extent: Extent } | Buffer): Promise<string> {
  if (sizeOf(piece) > MAX_TEXT_BYTES) throw new RangeError("A text of the live system is too long");
  return (await readPiece(piece)).toString("utf8");
}

async function readPiece(piece: Piece): Promise<Buffer> {
  if (Buffer.isBuffer(piece)) return piece;
  const parts: Buffer[] = [];
  for await (const part of chunks(piece)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

async function* chunks({ file, extent }: { file: FileHandle; extent: Extent }): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(1, extent.sizeBytes)));
  for (let done = 0; done < extent.sizeBytes; ) {
    const length = Math.min(buffer.length, extent.sizeBytes - done);
    const { bytesRead } = await file.read(buffer, 0, length, extent.offset + done);
    if (bytesRead === 0)
      throw new UserError("live-parts-wrong", "The live system's image or directory ends before it should", {
        advice: "Copy it to this server again",
      });
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
  }
}

async function writePieces(path: string, pieces: readonly Piece[], signal: AbortSignal): Promise<void> {
  await using to = await open(path, "wx", 0o600);
  for (const piece of pieces)
    for await (const part of Buffer.isBuffer(piece) ? [piece] : chunks(piece)) {
      signal.throwIfAborted();
      await to.writeFile(part);
    }
}
