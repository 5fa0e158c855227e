// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { SAMPLE_CHAIN } from "../../../lab/samples/chain.ts";
import type { Chain, ChainLink, Difference, NetworkFault, Outcome } from "../../core/index.ts";
import { compareChain } from "./compare-chain.ts";

const BOOTED: Outcome = { kind: "booted", seconds: 30 };
const FAILED: Outcome = { kind: "not-booted", why: "no root", lastLines: [] };

const withRoot = (verdict: "proven" | "assumed" | "broken"): Chain => ({
  ...SAMPLE_CHAIN,
  links: SAMPLE_CHAIN.links.map((link) => (link.place === "root" ? { ...link, verdict } : link)),
});

test("a chain that was proven, and a VM that did not boot, and the other way round", () => {
  const codes = (chain: Chain | null, outcome: Outcome): string | null =>
    compareChain(chain, outcome)[0]?.code ?? null;
  assert.equal(codes(withRoot("proven"), BOOTED), null);
  assert.equal(codes(withRoot("proven"), FAILED), "chain-differs");
  assert.equal(codes(withRoot("assumed"), FAILED), null);
  assert.equal(codes(withRoot("broken"), FAILED), null);
  assert.equal(codes(withRoot("broken"), BOOTED), "chain-differs");
  assert.equal(codes(withRoot("broken"), { kind: "not-tried", why: "" }), null);
  assert.equal(codes(null, FAILED), null);
});

const MAC = "52:54:00:12:34:56";
const NIC = { name: "eno1", mac: MAC };
const withCard = (verdict: ChainLink["verdict"]): Chain => ({
  ...withRoot("proven"),
  links: [
    ...withRoot("proven").links.filter(({ place }) => place !== "network"),
    {
      place: "network",
      verdict,
      text: "eno1: 192.0.2.7/24",
      why: "x",
      advice: verdict === "broken" ? "y" : null,
      about: [{ kind: "nic", ...NIC }],
    },
  ],
});
const lacks = (fault: NetworkFault, nic = NIC): Outcome => ({
  kind: "booted-but",
  seconds: 30,
  differences: [{ about: "network", nic, fault, text: "eno1 lacks its address" }],
  cameUp: [],
});

test("a network that was proven, and that did not come up so, and the other way round", () => {
  const texts = (chain: Chain, outcome: Outcome): readonly string[] =>
    compareChain(chain, outcome).map(({ text }) => String(text));
  const faults: readonly NetworkFault[] = [
    "missing",
    "other-card",
    "down",
    "not-a-port",
    "no-address",
    "no-route",
  ];
  for (const fault of faults) {
    assert.match(
      texts(withCard("proven"), lacks(fault)).join("\n"),
      /^eno1 lacks .*\(network: eno1: 192/,
      fault,
    );
    assert.deepEqual(texts(withCard("assumed"), lacks(fault)), []);
    assert.deepEqual(texts(withCard("broken"), lacks(fault)), []);
  }
  for (const fault of ["no-link", "not-known"] as const)
    assert.deepEqual(texts(withCard("proven"), lacks(fault)), [], fault);
  assert.deepEqual(texts(withCard("proven"), lacks("down", { name: "eno2", mac: "52:54:00:00:00:02" })), []);
  assert.equal(texts(withCard("proven"), lacks("missing", { name: "lan0", mac: MAC })).length, 1);
  const up: Outcome = { kind: "booted", seconds: 30, cameUp: [NIC] };
  assert.match(texts(withCard("broken"), up).join("\n"), /^The network came up as configured \(eno1: /);
  assert.deepEqual(texts(withCard("proven"), up), []);
  assert.deepEqual(texts(withCard("broken"), BOOTED), [], "not compared");
});

test("a root that was proven, and another one that came up", () => {
  const other = (fault: "other" | "not-known"): Outcome => ({
    kind: "booted-but",
    seconds: 30,
    differences: [{ about: "root", fault, text: "The root is another" } satisfies Difference],
  });
  assert.equal(compareChain(withRoot("proven"), other("other")).length, 1);
  assert.deepEqual(compareChain(withRoot("proven"), other("not-known")), []);
  assert.deepEqual(compareChain(withRoot("assumed"), other("other")), []);
});
