// SPDX-License-Identifier: Apache-2.0
// The boot check's verdict against the chain of boot: where they differ, one of them is wrong. Pure.
import {
  brokenLinks,
  type Chain,
  type ChainLink,
  type Difference,
  isProven,
  makeProblem,
  type JudgedCard,
  type NetworkFault,
  type Outcome,
  type Problem,
} from "../../core/index.ts";

/** Empty: they agree, or nothing was proven or tried. */
export function compareChain(chain: Chain | null, outcome: Outcome): readonly Problem[] {
  if (chain === null || outcome.kind === "not-tried") return [];
  if (outcome.kind === "not-booted")
    return isProven(chain)
      ? [differs(`The VM did not boot (${outcome.why}), though the plan proved every link of its boot`, [])]
      : [];
  const [broken] = brokenLinks(chain);
  const differences = outcome.kind === "booted" ? [] : outcome.differences;
  return [
    ...(broken === undefined ? [] : [itBooted(broken)]),
    ...chain.links.flatMap((link) => compareLink(link, { differences, cameUp: outcome.cameUp ?? [] })),
  ];
}

const itBooted = ({ place, why, about }: ChainLink): Problem =>
  differs(`The VM booted, though the plan says that it cannot (${place}: ${String(why)})`, about);

/** These tell nothing of what the chain says: the check's own network, or a guest that could not tell. */
const UNTOLD: ReadonlySet<NetworkFault> = new Set(["no-link", "not-known"]);

/** Of a VM that booted: was each link as the chain has it? */
function compareLink(
  link: ChainLink,
  { differences, cameUp }: { differences: readonly Difference[]; cameUp: readonly JudgedCard[] },
): readonly Problem[] {
  const { place, verdict, text, why, about } = link;
  if (verdict === "broken")
    return place === "network" && cameUp.some((nic) => isOf(nic, link))
      ? [
          differs(
            `The network came up as configured (${String(text)}), though the plan says that it cannot: ${String(why)}`,
            about,
          ),
        ]
      : [];
  if (verdict !== "proven") return [];
  const [against] = differences.filter((one) =>
    one.about === "network"
      ? place === "network" && !UNTOLD.has(one.fault) && isOf(one.nic, link)
      : one.about === "root" && place === "root" && one.fault === "other",
  );
  return against === undefined
    ? []
    : [differs(`${against.text}, though the plan proved it (${place}: ${String(text)})`, about)];
}

/** By its name or its address: a card may have got another name than the plan gave it. */
const isOf = (nic: JudgedCard, { about }: ChainLink): boolean =>
  about.some(
    (subject) =>
      subject.kind === "nic" &&
      (subject.name === nic.name || (nic.mac !== null && subject.mac?.toLowerCase() === nic.mac)),
  );

const differs = (text: string, about: Problem["about"]): Problem =>
  makeProblem("chain-differs", {
    about,
    text,
    advice: "One of both is wrong: please report it, with virt-p2v report-bug",
  });
