// SPDX-License-Identifier: Apache-2.0
// What the user says that the old machine called its disks (--was), as nodes of the disks that were given.
import { resolve } from "node:path";
import { type BlockGraph, type SourceDisk, type ToldName, UserError } from "../../core/index.ts";

/** UserError `was-wrong`: a disk that is not among those given, by its path or its number. Pure. */
export function toldNames(
  { disks, storage }: { readonly disks: readonly SourceDisk[]; readonly storage: BlockGraph },
  was: ReadonlyMap<string, string> = new Map(),
): readonly ToldName[] {
  return [...was].map(([spec, name]) => {
    const disk = disks.find(({ number, path }) => name === String(number) || resolve(name) === resolve(path));
    const node = storage.nodes.find(({ path, holds }) => holds.kind === "disk" && path === disk?.path);
    if (node !== undefined) return { spec, disk: node.id };
    throw new UserError("was-wrong", `--was ${spec}=${name} names none of the given disks`, {
      advice: `Give the path or the number of one: ${disks.map(({ number, path }) => `${number} (${path})`).join(", ")}`,
    });
  });
}
