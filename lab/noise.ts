// SPDX-License-Identifier: Apache-2.0
// Pseudo-random content for test files and disks; it does not compress.
import { createCipheriv, createHash } from "node:crypto";

/** The same pseudo-random bytes for the same seed, on every machine. */
export function noise(seed: string, sizeBytes: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}
