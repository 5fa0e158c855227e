// SPDX-License-Identifier: Apache-2.0
// The recipe of the live system: livecd/ as values. Everything that the base depends on is in it, for the cache's hash.
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { UserError } from "../core/index.ts";

/** In a clone; the program on the live CD itself has no recipe. */
export const LIVECD_DIRECTORY = join(import.meta.dirname, "../../livecd");

export type PackagePart = "system" | "boot" | "firmware";
export type ListedPackage = { readonly name: string; readonly part: PackagePart; readonly why: string };

/** Lines of livecd/packages. Error, with the line number, where one is not `NAME  why`. */
export function parsePackages(text: string): readonly ListedPackage[] {
  const packages: ListedPackage[] = [];
  let part: PackagePart = "system";
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      part = heading === "boot" || heading === "firmware" ? heading : "system";
      continue;
    }
    const match = /^([a-z0-9][a-z0-9+.-]+)\s+(\S.*)$/.exec(line);
    if (match === null)
      throw new Error(`livecd/packages, line ${index + 1}: a line is "PACKAGE  why it is there"`);
    packages.push({ name: match[1] ?? "", part, why: match[2] ?? "" });
  }
  return packages;
}

/** Debian's rule for package names; `--package` is given to apt. */
export function checkPackageNames(names: readonly string[]): readonly string[] {
  for (const name of names)
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name))
      throw new UserError("package-wrong", `--package "${name}" is not a name of a Debian package`, {
        advice: "Give names such as htop, one for each --package",
      });
  return names;
}

/** Only what a command line and a file name can hold without quoting. */
export function checkSuite(suite: string): string {
  if (/^[a-z][a-z0-9-]{1,30}$/.test(suite)) return suite;
  throw new UserError("suite-wrong", `--suite "${suite}" is not a name of a Debian release`, {
    advice: "Give a name such as trixie",
  });
}

export type Recipe = {
  readonly suite: string;
  readonly mirror: string;
  readonly epoch: number;
  readonly packages: readonly ListedPackage[];
  /** Further packages, as the user named them. */
  readonly more: readonly string[];
  /** Path, mode and content of each file of livecd/ that the base is made from, in order. */
  readonly files: readonly string[];
};

export type RecipeOptions = {
  readonly suite: string;
  readonly mirror: string;
  readonly epoch: number;
  readonly more: readonly string[];
};

export async function readRecipe(options: RecipeOptions): Promise<Recipe> {
  const list = await readFile(join(LIVECD_DIRECTORY, "packages"), "utf8").catch((cause: unknown) => {
    throw new UserError("no-recipe", `There is no ${LIVECD_DIRECTORY}: this is not a clone`, {
      advice: "Run virt-p2v iso build in a clone of its repository",
      cause,
    });
  });
  const files: string[] = [];
  for (const path of await filesBelow(LIVECD_DIRECTORY)) {
    const name = relative(LIVECD_DIRECTORY, path);
    // Menu, root/ and kickstart are not part of the base, and comments on packages change nothing.
    if (/^(boot|root|kickstart)\/|^packages$/.test(name)) continue;
    const { mode } = await stat(path);
    files.push(`${name}\n${(mode & 0o100) === 0 ? "-" : "x"}\n${await readFile(path, "latin1")}`);
  }
  return { ...options, packages: parsePackages(list), files };
}

/** Files below a directory, sorted by their bytes; links are followed only to say that there are none. */
export async function filesBelow(directory: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) throw new Error(`${path} is a link to ${await readlink(path)}`);
    if (entry.isFile()) paths.push(path);
  }
  return paths.toSorted();
}
