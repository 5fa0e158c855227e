// SPDX-License-Identifier: Apache-2.0
// An EFI system partition for machines of the matrix. Many kernels have no vfat: mtools write it.
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { type Call, makeImage, MIB } from "./build.ts";

export type Esp = { readonly start: number; readonly sizeBytes: number; readonly id: string };

/** `files`: by their path there, text or a file to take. Written to the place of the partition in `image`. */
export async function writeEsp(
  image: string,
  esp: Esp,
  { files, scratch, signal }: Call & { files: Readonly<Record<string, EspFile>>; scratch: string },
): Promise<void> {
  const aside = join(scratch, "esp.img");
  await makeImage(aside, esp.sizeBytes);
  await run(["mkfs.vfat", "-F", "32", "-i", esp.id, aside], { signal });
  const made = new Set([".", "/"]);
  for (const [index, [path, file]] of Object.entries(files).entries()) {
    for (const parent of parentsOf(path)) {
      if (!made.has(parent)) await run(["mmd", "-i", aside, `::/${parent}`], { signal });
      made.add(parent);
    }
    const from = typeof file === "string" ? join(scratch, `esp-${index}`) : file.from;
    if (typeof file === "string") await writeFile(from, file);
    await run(["mcopy", "-i", aside, from, `::/${path}`], { signal });
  }
  const at = ["conv=notrunc,sparse", "bs=1M", `seek=${esp.start / MIB}`];
  await run(["dd", `if=${aside}`, `of=${image}`, ...at, "status=none"], { signal });
}

export type EspFile = string | { readonly from: string };

function parentsOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [...parentsOf(parent), parent];
}
