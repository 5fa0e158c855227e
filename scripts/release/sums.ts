// SPDX-License-Identifier: Apache-2.0
// SHA256SUMS, as sha256sum --check reads it.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

export async function hashFile(path: string): Promise<string> {
  const sum = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) sum.update(part);
  return sum.digest("hex");
}

export async function writeSums(directory: string, paths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of paths.toSorted()) lines.push(`${await hashFile(path)}  ${basename(path)}\n`);
  const file = join(directory, "SHA256SUMS");
  await writeFile(file, lines.join(""));
  return file;
}
