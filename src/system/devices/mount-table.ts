// SPDX-License-Identifier: Apache-2.0
// What is mounted where in this process's mount namespace.
import { readFile } from "node:fs/promises";

export type MountEntry = { readonly path: string; readonly type: string; readonly source: string };

/** In order of mounting. */
export async function readMountTable(): Promise<MountEntry[]> {
  return parseMountTable(await readFile("/proc/self/mountinfo", "utf8"));
}

/** proc_pid_mountinfo(5): optional fields end at a lone dash; blanks and the like are octal escapes. */
export function parseMountTable(mountinfo: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of mountinfo.split("\n")) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-", 6);
    const [path, type, source] = [fields[4], fields[dash + 1], fields[dash + 2]];
    if (dash < 0 || path === undefined || type === undefined || source === undefined) continue;
    entries.push({ path: unescapeOctal(path), type, source: unescapeOctal(source) });
  }
  return entries;
}

/** The bytes of a name may be UTF-8: escapes are decoded as bytes, not as characters. */
export function unescapeOctal(text: string): string {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  const plain = bytes.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return Buffer.from(plain, "latin1").toString("utf8");
}

/** Is `path` this directory or below it? Both absolute and without `..`. */
export const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`);
