// SPDX-License-Identifier: Apache-2.0
// A small file of the kernel or of the system, as text.
import { readBounded } from "../../../system/index.ts";

export async function readText(path: string, maxBytes = 2 ** 18): Promise<string | null> {
  try {
    return (await readBounded(path, { maxBytes }))?.toString("utf8") ?? null;
  } catch {
    return null; // closed to us, or a file of a kernel that answers with an error: the same as not there
  }
}
