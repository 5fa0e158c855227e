// SPDX-License-Identifier: Apache-2.0
// What this kernel must have for a disk to be looked into: loop devices, and a way to lay an overlay above it.
import { open } from "node:fs/promises";
import { release } from "node:os";
import { hasMapperTargets } from "./device-mapper.ts";
import { run } from "../programs/run.ts";

export type KernelNeeds = {
  readonly release: string;
  readonly loop: boolean;
  readonly fuse: boolean;
  /** Snapshots by device-mapper: they serve disks of the machine, not image files. */
  readonly snapshots: boolean;
};

export async function readKernelNeeds(): Promise<KernelNeeds> {
  const [loop, fuse] = [await isThere("/dev/loop-control", "loop"), await isThere("/dev/fuse", "fuse")];
  return { release: release(), loop, fuse, snapshots: await hasMapperTargets(["snapshot", "linear"]) };
}

/** What is missing for disks of these kinds, and what helps; null: nothing. Pure. */
export function missingInKernel(
  needs: KernelNeeds,
  kinds: readonly ("device" | "file")[],
): { readonly what: string; readonly advice: string } | null {
  const inside = "in a container, run it on the machine itself";
  if (!needs.loop)
    return {
      what: "has no loop devices (/dev/loop-control)",
      advice: `Load them with modprobe loop; ${inside}`,
    };
  if (needs.fuse) return null;
  if (kinds.includes("file"))
    return { what: "has no FUSE (/dev/fuse)", advice: `Load it with modprobe fuse; ${inside}` };
  if (needs.snapshots) return null;
  return {
    what: "has neither FUSE (/dev/fuse) nor snapshots by device-mapper",
    advice: `Load one with modprobe fuse or modprobe dm-snapshot; ${inside}`,
  };
}

/** Opening it loads the driver where the file is there without it; where the file is not, the driver makes it. */
async function isThere(path: string, module: string): Promise<boolean> {
  if (await opens(path)) return true;
  await run(["modprobe", "-q", module], { allowCodes: [1], timeoutMs: 20_000 }).catch(() => undefined);
  return await opens(path);
}

const opens = (path: string): Promise<boolean> =>
  open(path, "r+").then(
    async (file) => {
      await file.close();
      return true;
    },
    () => false,
  );
