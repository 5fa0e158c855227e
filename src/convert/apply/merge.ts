// SPDX-License-Identifier: Apache-2.0
// Changes of several steps to one path become one: the first state before, the last state after, all reasons. Pure.
import type { Change, FileState } from "../../core/index.ts";

/** In order of first appearance. Paths that end as they began are left out. */
export function mergeChanges(changes: readonly Change[]): Change[] {
  const merged = new Map<string, Change>();
  for (const change of changes) {
    const earlier = merged.get(change.path);
    if (earlier === undefined) {
      merged.set(change.path, change);
      continue;
    }
    if (!sameState(earlier.after, change.before))
      throw new Error(`The step ${change.step} did not see what ${earlier.step} proposed for ${change.path}`);
    merged.set(change.path, {
      step: joined(earlier.step, change.step, ", "),
      why: joined(earlier.why, change.why, "; "),
      path: change.path,
      before: earlier.before,
      after: change.after,
    });
  }
  return [...merged.values()].filter(({ before, after }) => !sameState(before, after));
}

function joined(first: string, other: string, by: string): string {
  return first.split(by).includes(other) ? first : `${first}${by}${other}`;
}

export function sameState(a: FileState, b: FileState): boolean {
  if (a.kind === "absent" || b.kind === "absent") return a.kind === b.kind;
  if (a.kind !== b.kind || a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false;
  if (!sameXattrs(a.xattrs, b.xattrs)) return false;
  if (a.kind === "bytes" && b.kind === "bytes") return a.sha256 === b.sha256;
  if (a.kind === "link" && b.kind === "link") return a.target === b.target;
  return true;
}

function sameXattrs(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
