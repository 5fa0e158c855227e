// SPDX-License-Identifier: Apache-2.0
// Changes for people: what one package brought is one group. Pure.
import type { Change } from "./change.ts";

/** More of them with one reason in a row are no longer read one by one. */
const MOST = 20;

export type ChangeGroup<Item> =
  | { readonly kind: "one"; readonly change: Item }
  | {
      readonly kind: "many";
      readonly step: string;
      readonly why: string;
      readonly count: number;
      /** Directories, four names deep at most, with how many files changed there. */
      readonly places: ReadonlyMap<string, number>;
    };

/** In their order. */
export function groupChanges<Item extends Pick<Change, "step" | "why" | "path" | "after">>(
  changes: readonly Item[],
): readonly ChangeGroup<Item>[] {
  const groups: ChangeGroup<Item>[] = [];
  for (let start = 0, end = 0; start < changes.length; start = end) {
    const { step, why } = changes[start] ?? { step: "", why: "" };
    for (end = start; changes[end]?.step === step && changes[end]?.why === why; ) end += 1;
    const run = changes.slice(start, end);
    if (run.length <= MOST) groups.push(...run.map((change) => ({ kind: "one" as const, change })));
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
