// SPDX-License-Identifier: Apache-2.0
// What lies in extras/: files for guests as DISTRO/VERSION/ARCH/FILE, and what lies elsewhere there.
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** On the live CD. */
export const EXTRAS_DIRECTORY = "/usr/lib/virt-p2v/extras";

export type Extras = {
  readonly packages: readonly {
    readonly distro: string;
    readonly version: string;
    readonly arch: string;
    readonly file: string;
  }[];
  /** Paths below the directory that no conversion looks at: scripts, firmware, things in a wrong place. */
  readonly others: readonly string[];
};

const PACKAGE = /\.(?:rpm|deb)$/;
const MAX_FILES = 100_000;

/** Of paths below the directory. Pure. */
export function sortExtras(paths: readonly string[]): Extras {
  const packages: Extras["packages"][number][] = [];
  const others: string[] = [];
  for (const path of paths.toSorted()) {
    const [distro = "", version = "", arch = "", file, ...deeper] = path.split("/");
    if (file !== undefined && deeper.length === 0 && PACKAGE.test(file))
      packages.push({ distro, version, arch, file });
    else others.push(path);
  }
  return { packages, others };
}

/** null: there is no such directory. */
export async function readExtras(directory: string): Promise<Extras | null> {
  try {
    const entries = await readdir(directory, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => entry.isFile()).slice(0, MAX_FILES);
    return sortExtras(files.map((entry) => relative(directory, join(entry.parentPath, entry.name))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
