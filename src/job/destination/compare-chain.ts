// SPDX-License-Identifier: Apache-2.0
// The boot check's verdict against the chain of boot: where they differ, one of them is wrong. Pure.
import {
  brokenLinks,
  type Chain,
  isProven,
  makeProblem,
  type Outcome,
  type Problem,
} from "../../core/index.ts";

/** null: they agree, or nothing was proven or tried. */
export function compareChain(chain: Chain | null, outcome: Outcome): Problem | null {
  if (chain === null) return null;
  const [broken] = brokenLinks(chain);
  const booted = outcome.kind === "booted" || outcome.kind === "booted-but";
  if (booted && broken !== undefined)
    return differs(
      `The VM booted, though the plan says that it cannot (${broken.place}: ${String(broken.why)})`,
    );
  if (outcome.kind === "not-booted" && isProven(chain))
    return differs(`The VM did not boot (${outcome.why}), though the plan proved every link of its boot`);
  return null;
}

const differs = (text: string): Problem =>
  makeProblem("chain-differs", {
    about: [],
    text,
    advice: "One of both is wrong: please report it, with virt-p2v report-bug",
  });
