// SPDX-License-Identifier: Apache-2.0
// Each changed file before and after, beside the migrated VM: the way back, as `convert --undo` reads it.
import {
  type Blobs,
  type Change,
  diskPath,
  type Emit,
  formatBytes,
  type Host,
  type KeptChanges,
  type Plan,
} from "../../core/index.ts";
import { CONVERSION_FILE, type Conversion, FILES_DIRECTORY, renderConversion } from "../conversion/record.ts";

/** In the VM's directory. Its owner's only: guests keep secrets in the files that are changed. */
export const KEPT_DIRECTORY = "conversion";

/** A kernel of extras brings thousands of files, and each is a round trip to the host; sshd takes ten sessions. */
const AT_ONCE = 4;

type Options = {
  readonly plan: Plan;
  readonly host: Host;
  readonly directory: string;
  readonly blobs: Blobs;
  /** Directories that were made for new files. */
  readonly made: readonly string[];
  readonly version: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** null: nothing was changed. What an earlier run kept there goes. */
export async function keepChanges(options: Options): Promise<KeptChanges | null> {
  const { plan, host, directory, blobs, made, version, signal, emit } = options;
  const kept = `${directory}/${KEPT_DIRECTORY}`;
  await host.remove(kept);
  if (plan.changes.length === 0) return null;
  const files = filesOf(plan.changes);
  const sizeBytes = [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
  emit({
    type: "step",
    phase: "define",
    text: `Keeping the changed files before and after, ${formatBytes(sizeBytes)}`,
  });
  await host.makeDirectory(kept, { mode: 0o700 });
  await host.makeDirectory(`${kept}/${FILES_DIRECTORY}`, { mode: 0o700 });
  const left = files.keys(); // one iterator for all
  const keepRest = async (): Promise<void> => {
    for (const sha256 of left) {
      signal.throwIfAborted();
      const bytes = await blobs.get(sha256);
      await host.writeFile(`${kept}/${FILES_DIRECTORY}/${sha256}`, bytes, { mode: 0o600 });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepRest));
  const conversion: Conversion = {
    format: "conversion/1",
    version,
    at: new Date().toISOString(),
    way: "in-place",
    images: plan.vm.disks.map((disk) => ({ path: diskPath(disk, directory), overlay: "" })),
    changes: plan.changes,
    made,
  };
  await host.writeFile(`${kept}/${CONVERSION_FILE}`, Buffer.from(renderConversion(conversion)), {
    mode: 0o600,
  });
  return { directory: KEPT_DIRECTORY, files: files.size, sizeBytes };
}

/** By SHA-256, the sizes of all contents before and after. */
function filesOf(changes: readonly Change[]): ReadonlyMap<string, number> {
  const states = changes.flatMap(({ before, after }) => [before, after]);
  return new Map(
    states.flatMap((state) => (state.kind === "bytes" ? [[state.sha256, state.sizeBytes] as const] : [])),
  );
}
