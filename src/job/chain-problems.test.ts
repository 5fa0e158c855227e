// SPDX-License-Identifier: Apache-2.0
// What the chain says and what steps and inspection say must agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chain, type ChainLink, makeProblem, named } from "../core/index.ts";
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

test("one initramfs is one fault: of the kernel that starts the chain says it, of others their proof", () => {
  const proofOf = (version: string) =>
    makeProblem("initramfs-not-proven", {
      about: named("kernel", version),
      text: `${version} is cut off`,
      advice: "fix it",
    });
  const kernel = { ...link("kernel", "proven"), about: named("kernel", "6.1") };
  const said = (verdict: ChainLink["verdict"]): readonly string[] =>
    withChain([proofOf("6.1"), proofOf("5.10")], {
      platform: "kvm",
      links: [kernel, link("initramfs", verdict)],
    }).map(({ text }) => String(text));
  assert.deepEqual(said("broken"), ["The VM would not boot (initramfs): so", "5.10 is cut off"]);
  assert.deepEqual(said("assumed"), ["6.1 is cut off", "5.10 is cut off"]);
});
