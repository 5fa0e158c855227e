// SPDX-License-Identifier: Apache-2.0
// What lines of fstab, of mount units and of crypttab claim of the devices that they name. Pure.
import {
  type BlockGraph,
  type Claim,
  type CrypttabLine,
  findSpec,
  isHardwareName,
  losesContent,
  type NodeId,
  type Wanted,
} from "../../../core/index.ts";
import type { FstabLine } from "../fstab-lines.ts";

type Line = FstabLine & { readonly from: string; readonly enabled: boolean };

export function claimsOfLines(lines: readonly Line[]): readonly Claim[] {
  return lines.flatMap(({ spec, path, type, options, from, enabled }): Claim[] => {
    if (!isHardwareName(spec)) return [];
    const words = options.split(",");
    const firm = enabled && !words.includes("noauto") && !words.includes("nofail");
    const wants: Wanted = type === "swap" ? { kind: "swap" } : { kind: "filesystem", types: type, path };
    return [{ spec, from, wants, firm }];
  });
}

export function claimsOfCrypttab(lines: readonly CrypttabLine[]): readonly Claim[] {
  return lines.flatMap((line): Claim[] => {
    const { source: spec, options } = line;
    if (!isHardwareName(spec)) return [];
    const other: Wanted = options.includes("plain") ? { kind: "any" } : { kind: "luks" };
    const wants: Wanted = losesContent(line) ? { kind: "random-swap" } : other;
    return [
      {
        spec,
        from: "/etc/crypttab",
        wants,
        firm: !options.includes("noauto") && !options.includes("nofail"),
      },
    ];
  });
}

/** Where lines mount what they name by UUID, label or volume: such a volume is nothing that another line means. */
export function placesOfStable(
  lines: readonly FstabLine[],
  graph: BlockGraph,
): ReadonlyMap<NodeId, ReadonlySet<string>> {
  const places = new Map<NodeId, Set<string>>();
  for (const { spec, path, type } of lines) {
    if (isHardwareName(spec) || type === "swap") continue;
    const node = findSpec(graph, spec);
    if (node !== null) places.set(node, (places.get(node) ?? new Set()).add(path));
  }
  return places;
}
