// SPDX-License-Identifier: Apache-2.0
// The chain of boot as a table, and which links a person should look at where a VM did not boot.
import type { Chain, ChainLink, Report } from "../core/index.ts";
import { html, type Markup } from "./markup.ts";

const PLATFORMS: Readonly<Record<Chain["platform"], string>> = { kvm: "KVM", xen: "Xen" };
const TONES: Readonly<Record<ChainLink["verdict"], string>> = {
  proven: "good",
  assumed: "attention",
  broken: "bad",
};

export function chainSection({ chain = null }: Pick<Report, "chain">): Markup {
  if (chain === null) return html``;
  return html`<h2>How it boots</h2><p class="soft">As the plan found it on ${PLATFORMS[chain.platform]}, link by link, before the copy. Proven: read in the result. Assumed: likely, and not read.</p>
  <table class="chain"><tr><th>Link</th><th>What happens</th><th></th><th>How it is known</th></tr>${chain.links.map(
    ({ place, text, verdict, why }) =>
      html`<tr><td>${place}</td><td>${text.toString()}</td><td class="${TONES[verdict]}">${verdict}</td><td class="soft">${why.toString()}</td></tr>`,
  )}</table>`;
}

/** For a VM that did not boot: what the plan did not prove comes into question first. */
export function suspectLinks({ chain = null }: Pick<Report, "chain">): readonly string[] {
  const links = chain?.links ?? [];
  const named = (verdict: ChainLink["verdict"]): readonly string[] =>
    links.flatMap((link) =>
      link.verdict === verdict ? [`${link.place}: ${link.text.toString()} (${link.why.toString()})`] : [],
    );
  const [broken, assumed] = [named("broken"), named("assumed")];
  if (broken.length > 0) return [`The plan found a broken link. ${broken.join("; ")}.`];
  return assumed.length === 0
    ? []
    : [`Of its chain of boot these links were assumed, not proven. ${assumed.join("; ")}.`];
}
