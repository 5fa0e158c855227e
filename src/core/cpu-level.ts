// SPDX-License-Identifier: Apache-2.0
// The x86-64 level of a CPU, by its flags.
import { type Known, known, unknown } from "./machine.ts";

/** x86-64 psABI 1.0, table 3.1, in the kernel's names; each level needs all below it. */
const LEVELS: readonly (readonly [level: 2 | 3 | 4, flags: readonly string[]])[] = [
  [2, ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"]],
  [3, ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]],
  [4, ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
];

/** `flags` as in /proc/cpuinfo. */
export function cpuLevelOf(flags: ReadonlySet<string>): Known<1 | 2 | 3 | 4> {
  if (flags.size === 0) return unknown("/proc/cpuinfo lists no flags");
  if (!flags.has("lm")) return unknown("this is not an x86-64 CPU");
  let found: 1 | 2 | 3 | 4 = 1;
  for (const [level, needed] of LEVELS) {
    if (!needed.every((flag) => flags.has(flag))) break;
    found = level;
  }
  return known(found);
}
