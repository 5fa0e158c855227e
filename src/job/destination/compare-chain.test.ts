// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { SAMPLE_CHAIN } from "../../../lab/samples/chain.ts";
import type { Chain, Outcome } from "../../core/index.ts";
import { compareChain } from "./compare-chain.ts";

const BOOTED: Outcome = { kind: "booted", seconds: 30 };
const FAILED: Outcome = { kind: "not-booted", why: "no root", lastLines: [] };

const withRoot = (verdict: "proven" | "assumed" | "broken"): Chain => ({
  ...SAMPLE_CHAIN,
  links: SAMPLE_CHAIN.links.map((link) => (link.place === "root" ? { ...link, verdict } : link)),
});

test("a chain that was proven, and a VM that did not boot, and the other way round", () => {
  const codes = (chain: Chain | null, outcome: Outcome): string | null =>
    compareChain(chain, outcome)?.code ?? null;
  assert.equal(codes(withRoot("proven"), BOOTED), null);
  assert.equal(codes(withRoot("proven"), FAILED), "chain-differs");
  assert.equal(codes(withRoot("assumed"), FAILED), null);
  assert.equal(codes(withRoot("broken"), FAILED), null);
  assert.equal(codes(withRoot("broken"), BOOTED), "chain-differs");
  assert.equal(codes(withRoot("broken"), { kind: "not-tried", why: "" }), null);
  assert.equal(codes(null, FAILED), null);
});
