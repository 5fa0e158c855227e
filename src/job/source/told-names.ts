// SPDX-License-Identifier: Apache-2.0
// What the user says that the old machine called its disks (--was), as nodes of the disks that were given.
import { resolve } from "node:path";
import {
  areOneDisk,
  type BlockGraph,
  type NodeId,
  type SourceDisk,
  type ToldName,
  UserError,
} from "../../core/index.ts";
import type { ToldDisk } from "../../plan/index.ts";

type Given = { readonly disks: readonly SourceDisk[]; readonly storage: BlockGraph };

/** UserError `was-wrong`: a disk that is not among those given, by its path or its number; or two of them contradict. Pure. */
export function toldNames(given: Given, was: readonly ToldDisk[] = []): readonly ToldName[] {
  const told: ToldName[] = [];
  for (const { spec, disk: name } of was) {
    const disk = nodeOf(given, name);
    if (disk === null)
      throw new UserError("was-wrong", `--was ${spec}=${name} names none of the given disks`, {
        advice: `Give the path or the number of one: ${given.disks.map(({ number, path }) => `${number} (${path})`).join(", ")}`,
      });
    const rival = told.find((one) => areOneDisk(one.spec, spec) === (one.disk === disk ? "never" : "always"));
    if (rival !== undefined)
      throw new UserError("was-wrong", `--was says two things of ${rival.disk === disk ? name : spec}`, {
        advice: `Give one of them: ${rival.spec} and ${spec} ${rival.disk === disk ? "are two disks" : "are one disk"}`,
      });
    told.push({ spec, disk });
  }
  return told;
}

function nodeOf({ disks, storage }: Given, name: string): NodeId | null {
  const disk = disks.find(({ number, path }) => name === String(number) || resolve(name) === resolve(path));
  return storage.nodes.find(({ path, holds }) => holds.kind === "disk" && path === disk?.path)?.id ?? null;
}
