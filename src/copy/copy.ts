// SPDX-License-Identifier: Apache-2.0
// Copies the used bytes of disks to a host: read, hash, compress, send, await that they are durable there.
import { Connection } from "./connection.ts";
import { copyDisk } from "./disk.ts";
import type { CopyOptions, CopyResult } from "./options.ts";
import { RateLimit } from "./rate.ts";

const DEFAULT_LANES = 2;

/**
 * Resolves when every byte of all disks is durable: flushed, read back, hash equal. The images are still `.partial`.
 * UserError `source` (a disk cannot be read), `host` (link, agent), `destination` (full, not writable, in use).
 */
export async function copyDisks(options: CopyOptions): Promise<CopyResult[]> {
  options.signal.throwIfAborted();
  await using connection = new Connection({ ...options, lanes: options.lanes ?? DEFAULT_LANES });
  const limit = new RateLimit(options.limitBytesPerSecond ?? null);
  const results: CopyResult[] = [];
  for (const disk of options.disks) results.push(await copyDisk({ disk, connection, limit, options }));
  return results;
}
