// SPDX-License-Identifier: Apache-2.0
// The machines of the matrix by name: each is a directory with its disks, built once and kept by its recipe.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../cache.ts";
import { buildBtrfsMachine } from "./btrfs.ts";
import { buildLvmMachine } from "./lvm.ts";
import { buildMdMachine } from "./md.ts";
import { type Suite, systemTar } from "./system.ts";
import { buildUefiMachine } from "./uefi.ts";
import { buildXfsMachine } from "./xfs.ts";

type Recipe = {
  readonly suite: Suite;
  readonly disks: number;
  /** Files of this directory that its recipe depends on, too. */
  readonly also?: readonly string[];
  readonly build: (path: string, options: { systemTar: string; signal: AbortSignal }) => Promise<void>;
};

const MACHINES = {
  btrfs: { suite: "bookworm", disks: 1, build: buildBtrfsMachine, also: ["esp.ts"] },
  lvm: { suite: "bookworm", disks: 2, build: buildLvmMachine },
  md: { suite: "bookworm", disks: 2, build: buildMdMachine },
  uefi: { suite: "bookworm", disks: 1, build: buildUefiMachine, also: ["esp.ts"] },
  xfs: { suite: "bookworm", disks: 1, build: buildXfsMachine },
} as const satisfies Record<string, Recipe>;

export type MachineName = keyof typeof MACHINES;

const source = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/** Paths of its disks, in order: raw images, only to be read. */
export async function machineDisks(
  name: MachineName,
  { signal }: { signal: AbortSignal },
): Promise<readonly string[]> {
  const { suite, disks, build, also = [] }: Recipe = MACHINES[name];
  const tar = await systemTar(suite, { signal });
  const recipe = [tar, await source("build.ts"), await source("files.ts"), await source(`${name}.ts`)];
  recipe.push(...(await Promise.all(also.map(source))));
  const path = await cached({
    name: `machine-${name}`,
    recipe,
    signal,
    build: (aside, options) => build(aside, { systemTar: tar, ...options }),
  });
  return Array.from({ length: disks }, (_, index) => join(path, `disk-${index + 1}.img`));
}
