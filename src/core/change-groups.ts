// SPDX-License-Identifier: Apache-2.0
// Changes for people: what one package brought is told together. Pure.
import type { Change } from "./change.ts";

/** More of them with one reason in a row are no longer read one by one. */
const MOST = 20;

export type ChangeGroup<One> =
  | { readonly kind: "one"; readonly change: One; readonly index: number }
  | {
      readonly kind: "many";
      readonly step: string;
      readonly why: string;
      readonly count: number;
      /** Directories, four names deep at most, with how many files changed there. */
      readonly places: ReadonlyMap<string, number>;
    };

/** In their order; `index` is that in `changes`. */
export function groupChanges<One extends Pick<Change, "step" | "why" | "path" | "after">>(
  changes: readonly One[],
): readonly ChangeGroup<One>[] {
  const groups: ChangeGroup<One>[] = [];
  for (let start = 0, end = 0; start < changes.length; start = end) {
    const { step, why } = changes[start] ?? { step: "", why: "" };
    for (end = start; changes[end]?.step === step && changes[end]?.why === why; ) end += 1;
    const run = changes.slice(start, end);
    if (run.length <= MOST)
      groups.push(...run.map((change, index) => ({ kind: "one" as const, change, index: start + index })));
    else groups.push({ kind: "many", step, why, count: run.length, places: placesOf(run) });
  }
  return groups;
}

function placesOf(changes: readonly Pick<Change, "path">[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const { path } of changes) {
    const place = path.split("/").slice(0, -1).slice(0, 5).join("/") || "/";
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  return places;
}
