// SPDX-License-Identifier: Apache-2.0
// One compressed part of an initramfs, as a stream of bounded length; all compressions the kernel knows
// (kernel: lib/decompress.c and usr/Kconfig).
import { open, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { crc32, createInflateRaw, createZstdDecompress } from "node:zlib";
import { makeRunDirectory, run } from "../../system/index.ts";
import { bzip2Length, EndsEarly, gzipHeader, lz4Length, lzopLength, zstdLength } from "./part-length.ts";

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
export const MAX_UNPACKED_BYTES = 2 ** 30;
const PART = 2 ** 18;

/**
 * Unpacks `bytes` into `take`, piece by piece, and returns how many packed bytes the part had. What follows is the next
 * part of the file, of whatever kind (kernel: Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export async function decompress(
  bytes: Buffer,
  compression: Exclude<Compression, "none">,
  { take, signal }: { take: (part: Buffer) => void; signal: AbortSignal },
): Promise<number> {
  switch (compression) {
    case "gzip":
      return await throughGzip(bytes, take, signal);
    case "zstd": {
      const length = zstdLength(bytes);
      await throughZlib(bytes.subarray(0, length), createZstdDecompress({ chunkSize: PART }), take, signal);
      return length;
    }
    case "lz4":
    case "bzip2":
    case "lzop": {
      const length = LENGTHS[compression](bytes);
      await throughProgram(bytes.subarray(0, length), compression, take, signal);
      return length;
    }
    case "xz":
    case "lzma":
      return bytes.length - (await throughProgram(bytes, compression, take, signal));
  }
}

const LENGTHS = { lz4: lz4Length, bzip2: bzip2Length, lzop: lzopLength } as const;

/** One member: Node's own reader of gzip takes whatever follows for the next. */
async function throughGzip(
  bytes: Buffer,
  take: (part: Buffer) => void,
  signal: AbortSignal,
): Promise<number> {
  const start = gzipHeader(bytes);
  let sum = 0;
  const summed = (part: Buffer): void => {
    sum = crc32(part, sum);
    take(part);
  };
  const inflate = createInflateRaw({ chunkSize: PART });
  const end = start + (await throughZlib(bytes.subarray(start), inflate, summed, signal));
  if (end + 8 > bytes.length) throw new EndsEarly("gzip");
  if (bytes.readUInt32LE(end) !== sum) throw new RangeError("Its gzip part is damaged: incorrect data check");
  return end + 8;
}

type Zlib = ReturnType<typeof createInflateRaw> | ReturnType<typeof createZstdDecompress>;

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

const PROGRAMS: Readonly<Record<Exclude<Compression, "none" | "gzip" | "zstd">, readonly string[]>> = {
  xz: ["xz", "--single-stream", "-dc"],
  lzma: ["xz", "--format=lzma", "--single-stream", "-dc"],
  bzip2: ["bzip2", "-dc"],
  lz4: ["lz4", "-dc"],
  lzop: ["lzop", "-dc"],
};

/**
 * Through files: the shell's file size limit (in blocks of 512 bytes) bounds what the program may unpack. The number of bytes that
 * it left unread: xz goes back to the end of its one stream.
 */
async function throughProgram(
  bytes: Buffer,
  compression: keyof typeof PROGRAMS,
  take: (part: Buffer) => void,
  signal: AbortSignal,
): Promise<number> {
  await using directory = await makeRunDirectory("unpack");
  const [packed, unpacked] = [join(directory.path, "packed"), join(directory.path, "unpacked")];
  await writeFile(packed, bytes, { mode: 0o600 });
  const limit = `ulimit -f ${MAX_UNPACKED_BYTES / 512}`;
  const script = `${limit} && { "$@" > "$P2V_OUT" && wc -c; } < "$P2V_IN"`;
  const { stdoutBytes: left } = await run(["sh", "-c", script, "sh", ...PROGRAMS[compression]], {
    signal,
    timeoutMs: 300_000,
    env: { P2V_IN: packed, P2V_OUT: unpacked },
  });
  await using file = await open(unpacked, "r");
  for await (const part of createReadStream("", { fd: file, autoClose: false, highWaterMark: PART }))
    take(part as Buffer);
  return Number(left.toString("latin1"));
}
