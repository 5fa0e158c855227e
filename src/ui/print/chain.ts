// SPDX-License-Identifier: Apache-2.0
// The chain of boot for people: a line each link, in the order in which the VM comes to them.
import { type Chain, type ChainLink, CHAIN_PLACES } from "../../core/index.ts";
import { type Fact, factLines } from "../text/wrap.ts";

/** What is broken shows at a glance, without colour. */
const CHAIN_MARKS: Readonly<Record<ChainLink["verdict"], string>> = {
  proven: "+",
  assumed: "?",
  broken: "!",
};

const PLATFORMS: Readonly<Record<Chain["platform"], string>> = { kvm: "KVM", xen: "Xen" };

/** Of a link that is not proven the reason too. Never more lines than a person reads: the rest are counted. */
export function chainLines(chain: Chain, columns: number): readonly string[] {
  const facts = chain.links.map(
    ({ place, verdict, text, why }): Fact => [
      `${CHAIN_MARKS[verdict]} ${place}`,
      verdict === "proven" ? String(text) : `${String(text)}: ${String(why)}`,
    ],
  );
  const head = `Chain of boot on ${PLATFORMS[chain.platform]} (+ proven, ? assumed, ! broken)`;
  return [head, ...factLines(facts, columns)];
}

/** The chain in one line. */
export function chainFact({ links, platform }: Chain): Fact {
  const placesOf = (verdict: ChainLink["verdict"]): string =>
    CHAIN_PLACES.filter((place) =>
      links.some((link) => link.place === place && link.verdict === verdict),
    ).join(", ");
  const [broken, assumed] = [placesOf("broken"), placesOf("assumed")];
  const words = [
    ...(broken === "" ? [] : [`broken: ${broken}`]),
    ...(assumed === "" ? [] : [`assumed: ${assumed}`]),
    broken + assumed === "" ? "every link is proven" : "all else is proven",
  ];
  return ["Boots", `on ${PLATFORMS[platform]}: ${words.join("; ")}`];
}
