// SPDX-License-Identifier: Apache-2.0
// What a qcow2 layer holds, piece by piece, for hosts whose hypervisor reads no qcow2: written onto a block device there.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { type Host, UserError } from "../../core/index.ts";
import { run } from "../../system/index.ts";

/** Only what the layer itself holds, in bytes; `start` and `length` are multiples of 512. */
export type Pieces = {
  /** A raw file, as long as the disk, sparse. */
  readonly raw: string;
  readonly pieces: readonly { readonly start: number; readonly length: number }[];
};

const MAP = z.array(
  z.object({ start: z.number().int().min(0), length: z.number().int().min(0), present: z.boolean() }),
);

/** qemu-img tells since 6.1 what is present in the layer. The raw file lies beside the layer, and goes with it. */
export async function readPieces(qcow2: string, { signal }: { signal: AbortSignal }): Promise<Pieces> {
  const limits = { signal, timeoutMs: 120_000 };
  const mapped = await run(["qemu-img", "map", "--output=json", "-f", "qcow2", qcow2], limits);
  const pieces = MAP.parse(JSON.parse(mapped.stdout)).filter(({ present }) => present);
  const raw = `${qcow2}.raw`;
  await run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", qcow2, raw], limits);
  return { raw, pieces };
}

// `read` takes a pipe byte by byte, so dd begins right behind the line; fullblock makes it take all of it.
const WRITE =
  'while read -r start length; do dd of="$1" bs=512 seek=$start count=$length iflag=fullblock conv=notrunc status=none || exit 1; done; sync';

/** UserError (host) where it cannot be written. */
export async function sendPieces(
  host: Host,
  { raw, pieces }: Pieces,
  { to, signal }: { to: string; signal: AbortSignal },
): Promise<void> {
  await using writer = await host.spawn(["sh", "-c", WRITE, "sh", to], { signal });
  writer.stdout.resume();
  await pipeline(async function* () {
    for (const { start, length } of pieces) {
      yield Buffer.from(`${start / 512} ${length / 512}\n`);
      yield* createReadStream(raw, { start, end: start + length - 1 });
    }
  }, writer.stdin);
  if ((await writer.exited) === 0) return;
  throw new UserError(
    "boot-check-not-written",
    `The boot probe cannot be written to ${to} on ${host.title}: ${writer.stderrTail().slice(-300)}`,
    { advice: "Look there, or run again with --no-boot-check" },
  );
}
