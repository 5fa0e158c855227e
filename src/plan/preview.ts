// SPDX-License-Identifier: Apache-2.0
// A Preview is what would happen; a Plan is one that was confirmed, with the hash of what the user saw.
import { createHash } from "node:crypto";
import type { Change, Plan, Preview, Problem } from "../core/index.ts";

/** The problems that forbid to begin. */
export function stoppers(preview: Pick<Preview, "problems">): readonly Problem[] {
  return preview.problems.filter((problem) => problem.severity === "stops");
}

/** Generated files (an initramfs differs in each build) count by path and reason, edited ones by their bytes. */
function seen(change: Change): unknown {
  const generated = change.after.kind === "bytes" && change.after.sizeBytes > 1_048_576;
  return [change.step, change.path, change.why, generated ? "generated" : change.after];
}

export function confirmed(preview: Preview): Plan {
  const text = JSON.stringify([
    preview.intent,
    preview.vm,
    preview.place,
    preview.changes.map(seen),
    preview.problems,
  ]);
  return { ...preview, sha256: createHash("sha256").update(text).digest("hex") };
}
