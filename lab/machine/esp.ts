// SPDX-License-Identifier: Apache-2.0
// Files of an EFI system partition. Many kernels have no vfat: mtools write them.
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../src/system/index.ts";
import type { Call } from "./build.ts";

export type EspFile = string | { readonly from: string };

/** `device` holds a FAT. `files`: by their path there, text or a file to take. */
export async function fillEsp(
  device: string,
  { files, scratch, signal }: Call & { files: Readonly<Record<string, EspFile>>; scratch: string },
): Promise<void> {
  const made = new Set<string>();
  for (const [index, [path, file]] of Object.entries(files).entries()) {
    for (const parent of parentsOf(path)) {
      if (!made.has(parent)) await run(["mmd", "-i", device, `::/${parent}`], { signal });
      made.add(parent);
    }
    const from = typeof file === "string" ? join(scratch, `esp-${index}`) : file.from;
    if (typeof file === "string") await writeFile(from, file);
    await run(["mcopy", "-i", device, from, `::/${path}`], { signal });
  }
}

function parentsOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [...parentsOf(parent), parent];
}
