// SPDX-License-Identifier: Apache-2.0
// The record: what was written since a copy that was complete, with what makes sure that it is about that copy and these disks.
import { z } from "zod";
import { normalizeRanges, type Range } from "../core/index.ts";

const bytes = z.int().nonnegative();
/** start, end, start, end ...; millions of them are a few MB. */
const ranges = z
  .array(bytes)
  .max(2 ** 25)
  .refine((flat) => flat.length % 2 === 0 && flat.every((at, i) => i % 2 === 0 || at >= (flat[i - 1] ?? 0)))
  .transform((flat): readonly Range[] =>
    normalizeRanges(
      Array.from({ length: flat.length / 2 }, (_, at) => ({
        start: flat[2 * at] ?? 0,
        end: flat[2 * at + 1] ?? 0,
      })),
    ),
  );

const schema = z.object({
  format: z.literal("writes/1"),
  /** Of the system that wrote. */
  bootId: z.string().min(1).max(100),
  /** ISO 8601. */
  begun: z.string().max(100),
  /** Where the images are, as a person reads it. */
  destination: z.string().max(4096),
  disks: z
    .array(
      z.object({
        number: z.int().positive(),
        path: z.string().max(4096),
        /** As the kernel numbered it, and its partitions. */
        device: z.string().max(32),
        devices: z.array(z.string().max(32)).max(1024),
        hasRequests: z.boolean(),
        onlyAsks: z.boolean(),
        sizeBytes: bytes,
        /** GUID or number of the partition table; null: it has none. */
        tableId: z.string().max(100).nullable(),
        serial: z.string().max(1000).nullable(),
        /** Over the hashes at the destination after that copy. */
        rootSha256: z.string().regex(/^[0-9a-f]{64}$/u),
        /** What that copy took for used. */
        used: ranges,
        written: ranges,
      }),
    )
    .min(1)
    .max(256),
});

export type WritesRecord = Readonly<z.output<typeof schema>>;
export type RecordedDisk = WritesRecord["disks"][number];

/** As large as a record may be: that of a badly fragmented 60 TB. */
export const MAX_RECORD_BYTES = 256 * 2 ** 20;

export function renderRecord(record: WritesRecord): string {
  const flat = (list: readonly Range[]): number[] => list.flatMap(({ start, end }) => [start, end]);
  const disks = record.disks.map((disk) => ({ ...disk, used: flat(disk.used), written: flat(disk.written) }));
  return `${JSON.stringify({ ...record, disks })}\n`;
}

/** null: it is none, or of another release. */
export function parseRecord(text: string): WritesRecord | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
