// SPDX-License-Identifier: Apache-2.0
// What the chain says and what steps and inspection say must agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chain, type ChainLink, makeProblem } from "../core/index.ts";
import { withChain } from "./chain-problems.ts";

const link = (place: ChainLink["place"], verdict: ChainLink["verdict"]): ChainLink => ({
  place,
  verdict,
  text: place,
  why: "so",
  advice: verdict === "broken" ? "do" : null,
  about: [],
});
const NONE = makeProblem("no-kernel", { about: [], text: "none was found", advice: "give it" });
const codes = (...links: readonly ChainLink[]): readonly string[] => {
  const chain: Chain = { platform: "kvm", links };
  return withChain([NONE], chain).map(({ code }) => code);
};

test("no kernel was found, and one is proven to start: that counts; what is assumed does not", () => {
  assert.deepEqual(codes(link("kernel", "proven"), link("initramfs", "proven")), []);
  assert.deepEqual(codes(link("kernel", "proven"), link("initramfs", "assumed")), ["no-kernel"]);
  assert.deepEqual(codes(link("kernel", "proven")), ["no-kernel"]);
  assert.deepEqual(codes(link("kernel", "proven"), link("initramfs", "broken")), [
    "chain-broken",
    "no-kernel",
  ]);
  assert.deepEqual(
    withChain([NONE], null).map(({ code }) => code),
    ["no-kernel"],
  );
});
