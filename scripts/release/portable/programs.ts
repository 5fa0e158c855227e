// SPDX-License-Identifier: Apache-2.0
// The list of programs that the portable file brings along. Pure.

/** A directory each, in this order on the PATH, with the system's own between `first` and `last`; see head.sh. */
const PLACES = ["first", "ssh", "last"] as const;
export type Place = (typeof PLACES)[number];

export type Program = {
  readonly name: string;
  readonly place: Place;
  /** A file of the Debian tree, or another program of the list, which goes by its name. */
  readonly from:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "alias"; readonly of: string };
};

/** Error, with the line's number, where a line is neither `[PLACE]` nor `NAME /FILE why` nor `NAME OTHER`. */
export function parsePrograms(text: string): readonly Program[] {
  const programs: Program[] = [];
  let place: Place | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      place = PLACES.find((known) => known === heading);
      if (place !== undefined) continue;
    }
    const [, name = "", source = "", why = ""] = /^(\S+)\s+(\S+)(?:\s+(\S.*))?$/.exec(line) ?? [];
    if (place === undefined || name === "" || source.startsWith("/") !== (why !== ""))
      throw new Error(`programs, line ${index + 1}: a line is "PROGRAM /FILE why" or "PROGRAM OTHER"`);
    const from = source.startsWith("/")
      ? ({ kind: "file", path: source } as const)
      : ({ kind: "alias", of: source } as const);
    programs.push({ name, place, from });
  }
  return programs;
}
