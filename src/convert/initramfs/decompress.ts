// SPDX-License-Identifier: Apache-2.0
// One compressed part of an initramfs, as a stream of bounded length; all compressions the kernel knows
// (kernel: lib/decompress.c and usr/Kconfig).
import { open, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { makeRunDirectory, run } from "../../system/index.ts";

export type Compression = "none" | "gzip" | "zstd" | "xz" | "lzma" | "bzip2" | "lz4" | "lzop";

const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ["none", [0x30, 0x37, 0x30, 0x37, 0x30]], // 07070
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["lzma", [0x5d, 0x00, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["lz4", [0x02, 0x21, 0x4c, 0x18]], // the legacy frame, the only one the kernel reads
  ["lzop", [0x89, 0x4c, 0x5a, 0x4f]],
];

export function compressionAt(bytes: Buffer, at: number): Compression | null {
  return MAGICS.find(([, magic]) => magic.every((byte, index) => bytes[at + index] === byte))?.[0] ?? null;
}

/** An initramfs of everything is about 300 MB unpacked. */
const MAX_OUTPUT = 2 ** 30;
const PART = 2 ** 18;

/**
 * Feeds what `bytes` holds unpacked to `take`, part by part, and returns how many bytes the packed part had. What
 * follows it is the next part of the file; other programs than Node's own take all that is left.
 */
export async function decompress(
  bytes: Buffer,
  compression: Exclude<Compression, "none">,
  { take, signal }: { take: (part: Buffer) => void; signal: AbortSignal },
): Promise<number> {
  let sum = 0;
  const bounded = (part: Buffer): void => {
    sum += part.length;
    if (sum > MAX_OUTPUT) throw new RangeError(`The initramfs unpacks to more than ${MAX_OUTPUT} bytes`);
    take(part);
  };
  switch (compression) {
    case "gzip":
      return await throughZlib(bytes, createGunzip({ chunkSize: PART }), bounded, signal);
    case "zstd": {
      const length = zstdLength(bytes);
      await throughZlib(
        bytes.subarray(0, length),
        createZstdDecompress({ chunkSize: PART }),
        bounded,
        signal,
      );
      return length;
    }
    case "xz":
    case "lzma":
    case "bzip2":
    case "lz4":
    case "lzop":
      await throughProgram(bytes, compression, bounded, signal);
      return bytes.length;
  }
}

type Zlib = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

async function throughZlib(
  bytes: Buffer,
  stream: Zlib,
  take: (part: Buffer) => void,
  signal: AbortSignal,
): Promise<number> {
  try {
    stream.end(bytes);
    for await (const part of stream) {
      signal.throwIfAborted();
      take(part as Buffer);
    }
    return stream.bytesWritten;
  } finally {
    stream.destroy();
  }
}

/** Length of the frame at the start, by its blocks; nothing is unpacked (RFC 8878, 3.1.1). */
export function zstdLength(bytes: Buffer): number {
  const descriptor = bytes[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = 5 + (single ? 0 : 1) + dictionary + contentSize;
  for (;;) {
    if (at + 3 > bytes.length) throw new RangeError("The zstd part of the initramfs is cut off");
    const head = bytes.readUIntLE(at, 3);
    const type = (head >> 1) & 3;
    at += 3 + (type === 1 ? 1 : head >> 3); // a run is one byte
    if ((head & 1) === 1) break;
  }
  const end = at + ((descriptor & 0x04) === 0 ? 0 : 4);
  if (end > bytes.length) throw new RangeError("The zstd part of the initramfs is cut off");
  return end;
}

const PROGRAMS: Readonly<Record<Exclude<Compression, "none" | "gzip" | "zstd">, readonly string[]>> = {
  xz: ["xz", "-dc"],
  lzma: ["xz", "--format=lzma", "-dc"],
  bzip2: ["bzip2", "-dc"],
  lz4: ["lz4", "-dc"],
  lzop: ["lzop", "-dc"],
};

/** By way of files: the shell's file size limit (in blocks of 512 bytes) bounds what the program may unpack. */
async function throughProgram(
  bytes: Buffer,
  compression: keyof typeof PROGRAMS,
  take: (part: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  await using directory = await makeRunDirectory("unpack");
  const [packed, unpacked] = [join(directory.path, "packed"), join(directory.path, "unpacked")];
  await writeFile(packed, trimZeros(bytes), { mode: 0o600 });
  const limit = `ulimit -f ${MAX_OUTPUT / 512}`;
  const script = `${limit} && exec "$@" < "$P2V_IN" > "$P2V_OUT"`;
  await run(["sh", "-c", script, "sh", ...PROGRAMS[compression]], {
    signal,
    timeoutMs: 300_000,
    env: { P2V_IN: packed, P2V_OUT: unpacked },
  });
  await using file = await open(unpacked, "r");
  for await (const part of createReadStream("", { fd: file, autoClose: false, highWaterMark: PART }))
    take(part as Buffer);
}

/** Padding after the packed part, which xz and lz4 call garbage. */
function trimZeros(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, Math.min(bytes.length, (end + 3) & ~3));
}
