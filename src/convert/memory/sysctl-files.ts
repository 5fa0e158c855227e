// SPDX-License-Identifier: Apache-2.0
// The guest's sysctl settings, in the order in which they are applied.
import type { GuestView } from "../../core/index.ts";
import { readQuietly } from "../text/read-quietly.ts";

/** sysctl.d(5): a name in an earlier directory hides the same name in a later one; all are sorted by name. */
const DIRECTORIES = ["/etc/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"];
const MAIN = "/etc/sysctl.conf";
const MAX_FILES = 200;

export async function readSysctlFiles(view: GuestView): Promise<readonly { path: string; text: string }[]> {
  const byName = new Map<string, string>();
  for (const directory of DIRECTORIES)
    for (const name of await view.list(directory).catch(none))
      if (name.endsWith(".conf") && !byName.has(name)) byName.set(name, `${directory}/${name}`);
  const paths = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const texts: { path: string; text: string }[] = [];
  // procps reads it last, whatever its name sorts to; systemd has a link 99-sysctl.conf to it.
  for (const path of [...paths.slice(0, MAX_FILES), MAIN]) {
    const text = await readQuietly(view, path, { maxBytes: 2 ** 20 });
    if (text !== null) texts.push({ path, text });
  }
  return texts;
}

function none(error: unknown): [] {
  if (error instanceof RangeError) return [];
  throw error;
}
