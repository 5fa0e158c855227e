// SPDX-License-Identifier: Apache-2.0
// What is inside an initramfs: archives one after the other, each plain or compressed, as the kernel unpacks them.
import { readBounded, RunError } from "../../system/index.ts";
import { CpioReader, type InitramfsEntry } from "./cpio.ts";
import { type Compression, compressionAt, decompress, MAX_UNPACKED_BYTES } from "./decompress.ts";
import { EndsEarly } from "./part-length.ts";

export type { InitramfsEntry } from "./cpio.ts";

export type Initramfs = {
  /** By path, without a slash in front; a later archive's entry replaces an earlier one, as the kernel does it. */
  readonly entries: ReadonlyMap<string, InitramfsEntry>;
  readonly parts: readonly { readonly start: number; readonly compression: Compression }[];
};

export const MAX_INITRAMFS_BYTES = 2 ** 29;

/** The file ends before what it holds does: a full disk, or a tool that was killed. */
export class CutOffError extends RangeError {
  /** What comes before the cut. */
  readonly entries: ReadonlyMap<string, InitramfsEntry>;
  /** The kernel stops where a compressed part ends too early, and takes a plain archive's end for its end (init/initramfs.c). */
  readonly isSeenByKernel: boolean;

  constructor(
    what: string,
    { entries, isSeenByKernel, cause }: Pick<CutOffError, "entries" | "isSeenByKernel" | "cause">,
  ) {
    super(what, { cause });
    this.entries = entries;
    this.isSeenByKernel = isSeenByKernel;
  }
}

/** RangeError if it is not an initramfs, cut off, damaged, or unpacks to more than 1 GiB. */
export async function readInitramfs(
  source: Uint8Array | string,
  { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
): Promise<Initramfs> {
  const bytes =
    typeof source === "string"
      ? await readBounded(source, { maxBytes: MAX_INITRAMFS_BYTES })
      : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  if (bytes === null) throw new RangeError("There is no such file");
  const reader = new CpioReader();
  const parts: { start: number; compression: Compression }[] = [];
  let unpacked = 0;
  const take = (part: Buffer): void => {
    unpacked += part.length;
    if (unpacked > MAX_UNPACKED_BYTES)
      throw new RangeError(`It unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    reader.push(part);
  };
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0) {
      at += 1;
      continue;
    }
    const compression = compressionAt(bytes, at);
    if (compression === null)
      throw new RangeError(parts.length === 0 ? "It is not an initramfs" : `Unknown bytes follow at ${at}`);
    if (parts.length >= 64) throw new RangeError("It has more than 64 parts");
    parts.push({ start: at, compression });
    if (compression === "none") at = bytes.length - (readPlain(reader, bytes.subarray(at))?.length ?? 0);
    else at += Math.max(1, await unpack(bytes.subarray(at), compression, { take, signal, reader }));
    if (!reader.ended)
      throw new CutOffError("Its archive is cut off", {
        entries: reader.entries,
        isSeenByKernel: compression !== "none",
        cause: undefined,
      });
  }
  if (parts.length === 0) throw new RangeError("It is empty");
  return { entries: reader.entries, parts };
}

/** What follows the first plain archive in `bytes`; null: it has no end, or nothing follows. */
function readPlain(reader: CpioReader, bytes: Buffer): Buffer | null {
  return reader.push(bytes, { stopAtEnd: true });
}

async function unpack(
  bytes: Buffer,
  compression: Exclude<Compression, "none">,
  options: { take: (part: Buffer) => void; signal: AbortSignal; reader: CpioReader },
): Promise<number> {
  try {
    return await decompress(bytes, compression, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isCutOff(error))
      throw new CutOffError(`Its ${compression} part is cut off`, {
        entries: options.reader.entries,
        isSeenByKernel: true,
        cause: error,
      });
    const damaged = error instanceof RunError || (error instanceof Error && isZlibError(error));
    if (damaged)
      throw new RangeError(`Its ${compression} part is damaged: ${wordsOf(error)}`, { cause: error });
    throw error;
  }
}

/** Of the program itself, without how it was called. */
function wordsOf(error: Error): string {
  if (!(error instanceof RunError)) return error.message;
  const words = error.stderr.trim().split("\n")[0] ?? "";
  return words === "" ? `exit code ${error.code ?? "?"}` : words.slice(0, 200);
}

/** In the words of zlib, xz and bzip2; lzop has none. Where the shell's limit ends a program it says nothing of the kind. */
const isCutOff = (error: unknown): boolean =>
  error instanceof EndsEarly ||
  (error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR") ||
  (error instanceof RunError && /Unexpected end of input|file ends unexpectedly/i.test(error.stderr));

const isZlibError = (error: Error): boolean => "code" in error && /^(Z_|ZSTD_|ERR_)/.test(String(error.code));
