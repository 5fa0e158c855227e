// SPDX-License-Identifier: Apache-2.0
// What lies in extras/: files for guests as DISTRO/VERSION/ARCH/FILE, and what lies elsewhere there.
import { readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { type DriverExtras, NO_EXTRAS } from "../convert/index.ts";
import { UserError } from "../core/index.ts";
import type { Answers } from "../plan/index.ts";

/** On the live CD. */
export const EXTRAS_DIRECTORY = NO_EXTRAS.directory;

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

/** For conversion. UserError (usage) where a directory was named that is not there. */
export async function extrasFor({ extras = null }: Pick<Answers, "extras">): Promise<DriverExtras> {
  const directory = extras === null ? EXTRAS_DIRECTORY : resolve(extras);
  const found = await readExtras(directory);
  if (found === null && extras !== null)
    throw new UserError("extras-missing", `There is no directory ${extras}`, {
      advice: "Name one with packages in DISTRO/VERSION/ARCH/, such as rhel/5/x86_64/",
    });
  return { directory, packages: found?.packages ?? [] };
}
