// SPDX-License-Identifier: Apache-2.0
// Short samples of what a copy will be made of: reading used blocks, packing them, pushing bytes to the host. They take a
// small part of the time of the copy itself, and at most some seconds.
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { type ExtentMap, type Host, type Range, rangesOf, type SourceDisk } from "../../core/index.ts";
import type { Answers, Samples } from "../../plan/index.ts";
import { alignedBuffer, DIRECT_ALIGN_BYTES, openDirect } from "../../system/index.ts";

const MIB = 2 ** 20;
const CHUNK_BYTES = MIB;
const MAX_READ_BYTES = 64 * MIB;
const MAX_PUSH_BYTES = 8 * MIB;
/** Less would measure the buffers on the way. */
const MIN_PUSH_BYTES = MIB;
const PIECE_BYTES = 64 * 1024;
/** So much of the whole is read to know how long the whole takes; the push is as much of a quarter. */
const SHARE = 64;
const MAX_MS = 5000;
/** What a link cannot take in this time is slow enough to be known. */
const MAX_LINK_MS = 15_000;

type Input = {
  readonly disks: readonly SourceDisk[];
  /** By disk number. */
  readonly maps: ReadonlyMap<number, ExtentMap>;
  readonly host: Host;
  readonly answers: Pick<Answers, "destination" | "transfer">;
  readonly signal: AbortSignal;
};

/** null: nothing could be read. A link that cannot be measured is null in it; nothing here ends a plan. */
export async function measureSamples({ disks, maps, host, answers, signal }: Input): Promise<Samples | null> {
  const remote = answers.destination.kind === "ssh";
  const { compress } = answers.transfer;
  const level = compress === "auto" ? (remote ? 1 : null) : compress === "none" ? null : compress;
  const read = await sampleReads({ disks, maps, level, signal });
  if (read === null) return null;
  const linkBytesPerSecond = remote ? await samplePush(host, read.totalBytes, signal) : null;
  return {
    readBytesPerSecond: read.readBytesPerSecond,
    packBytesPerSecond: read.packBytesPerSecond,
    packedShare: read.packedShare,
    linkBytesPerSecond,
  };
}

type Place = { readonly path: string; readonly range: Range };

/** `count` chunks, evenly over the used bytes of all disks. Pure. */
export function samplePlaces(
  disks: readonly SourceDisk[],
  maps: ReadonlyMap<number, ExtentMap>,
): { readonly places: readonly Place[]; readonly totalBytes: number } {
  const used = disks.flatMap(({ number, path }) => {
    const map = maps.get(number);
    return map === undefined ? [] : rangesOf(map, "data").map((range) => ({ path, range }));
  });
  const totalBytes = used.reduce((sum, { range }) => sum + range.end - range.start, 0);
  const wanted = Math.min(MAX_READ_BYTES, Math.ceil(totalBytes / SHARE));
  const count = totalBytes === 0 ? 0 : Math.max(1, Math.floor(wanted / CHUNK_BYTES));
  const places: Place[] = [];
  let before = 0;
  for (const { path, range } of used) {
    const after = before + range.end - range.start;
    for (
      let next = middle(places.length);
      places.length < count && next < after;
      next = middle(places.length)
    ) {
      const start = range.start + Math.floor(next - before);
      places.push({ path, range: { start, end: Math.min(range.end, start + CHUNK_BYTES) } });
    }
    before = after;
  }
  return { places, totalBytes };

  function middle(index: number): number {
    return ((index + 0.5) / count) * totalBytes;
  }
}

type Reads = Omit<Samples, "linkBytesPerSecond"> & { readonly totalBytes: number };

async function sampleReads({
  disks,
  maps,
  level,
  signal,
}: Pick<Input, "disks" | "maps" | "signal"> & { level: number | null }): Promise<Reads | null> {
  const { places, totalBytes } = samplePlaces(disks, maps);
  const buffer = alignedBuffer(CHUNK_BYTES + 2 * DIRECT_ALIGN_BYTES);
  const begun = performance.now();
  let [bytes, packedBytes, readMs, packMs] = [0, 0, 0, 0];
  for (const path of new Set(places.map((place) => place.path))) {
    await using file = await openDirect(path);
    for (const { range } of places.filter((place) => place.path === path)) {
      signal.throwIfAborted();
      if (performance.now() - begun > MAX_MS && bytes > 0) break;
      const started = performance.now();
      const chunk = await file.read(range, buffer).catch(() => null); // a bad sector is the copy's business
      if (chunk === null || chunk.length === 0) continue;
      readMs += performance.now() - started;
      bytes += chunk.length;
      if (level === null) continue;
      const packing = performance.now();
      packedBytes += (await pack(Buffer.from(chunk), level)).length;
      packMs += performance.now() - packing;
    }
  }
  if (bytes === 0 || readMs <= 0) return null;
  return {
    totalBytes,
    readBytesPerSecond: (bytes / readMs) * 1000,
    packBytesPerSecond:
      level === null || packMs <= 0 ? null : (bytes / packMs) * 1000 * availableParallelism(),
    packedShare: level === null ? 1 : Math.min(1, packedBytes / bytes),
  };
}

const pack = (bytes: Buffer, level: number): Promise<Buffer> =>
  promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });

/** Bytes that nothing on the way can make smaller, thrown away at the other end; null: it could not be measured. */
async function samplePush(host: Host, totalBytes: number, given: AbortSignal): Promise<number | null> {
  const bytes = Math.min(MAX_PUSH_BYTES, Math.max(MIN_PUSH_BYTES, Math.ceil(totalBytes / SHARE / 4)));
  const signal = AbortSignal.any([given, AbortSignal.timeout(2 * MAX_LINK_MS)]);
  try {
    const { sent, ms } = await push(host, bytes, signal);
    return (sent / Math.max(ms, 0.1)) * 1000;
  } catch {
    given.throwIfAborted();
    return null;
  }
}

/** The clock starts once the program there has said a word. */
async function push(host: Host, bytes: number, signal: AbortSignal): Promise<{ sent: number; ms: number }> {
  const piece = randomBytes(PIECE_BYTES);
  await using process = await host.spawn(["sh", "-c", "echo ready; cat > /dev/null"], { signal });
  const failed = once(process.stdin, "error", { signal }).then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  const ended = process.exited.then(() => Promise.reject(new Error("the host did not take the sample")));
  ended.catch(() => {});
  await Promise.race([once(process.stdout, "data", { signal }), failed, ended]);
  process.stdout.resume();
  const begun = performance.now();
  let sent = 0;
  while (sent < bytes && performance.now() - begun < MAX_LINK_MS) {
    if (!process.stdin.write(piece))
      await Promise.race([once(process.stdin, "drain", { signal }), failed, ended]);
    sent += piece.length;
  }
  process.stdin.end();
  if ((await Promise.race([process.exited, failed])) !== 0)
    throw new Error("the host did not take the sample");
  return { sent, ms: performance.now() - begun };
}
