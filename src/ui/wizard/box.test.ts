// SPDX-License-Identifier: Apache-2.0
// Answers as dialog 1.3 writes them with --help-status, recorded; and what it is given.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asciiText, type Box, paragraphs, readAnswer, renderBox, TEXT_COLUMNS, withDraft } from "./box.ts";

const FORM: Box = {
  kind: "form",
  title: "T",
  text: "x",
  fields: [
    { label: "Name", value: "abc" },
    { label: "Pass", value: "", secret: true },
    { label: "Z", value: "zz" },
  ],
};
const ITEMS = ["a", "b", "c"].map((tag) => ({ tag, label: tag.toUpperCase(), on: tag !== "b" }));
const LIST: Box = { kind: "checklist", title: "T", text: "x", items: ITEMS };
const MENU: Box = { kind: "menu", title: "T", text: "x", items: ITEMS, chosen: null };
const TEXT: Box = { kind: "text", title: "T", text: "x" };

test("readAnswer() has all that stood on the page, whichever button was taken", () => {
  const fields = ["xyabc", "", "zz"];
  assert.deepEqual(readAnswer(FORM, { code: 0, answer: "xyabc\n\nzz\n" }), { kind: "next", values: fields });
  assert.deepEqual(readAnswer(FORM, { code: 3, answer: "xyabc\n\nzz\n" }), { kind: "back", values: fields });
  assert.deepEqual(readAnswer(FORM, { code: 2, answer: "HELP Name\nxyabc\n\nzz\n" }), {
    kind: "help",
    values: fields,
  });
  assert.deepEqual(readAnswer(LIST, { code: 0, answer: "a\nc\n" }), { kind: "next", values: ["a", "c"] });
  assert.deepEqual(readAnswer(LIST, { code: 0, answer: "" }), { kind: "next", values: [] });
  assert.deepEqual(readAnswer(LIST, { code: 2, answer: "HELP b\na\nb\nc\n" }), {
    kind: "help",
    values: ["a", "b", "c"],
  });
  assert.deepEqual(readAnswer(MENU, { code: 3, answer: "b" }), { kind: "back", values: ["b"] });
  assert.deepEqual(readAnswer(MENU, { code: 2, answer: "HELP b" }), { kind: "help", values: ["b"] });
  assert.deepEqual(readAnswer(TEXT, { code: 0, answer: "" }), { kind: "next", values: [] });
  assert.deepEqual(readAnswer(TEXT, { code: 3, answer: "" }), { kind: "back", values: [] });
});

test("withDraft() puts back what stood there, and only what the page still has", () => {
  assert.deepEqual(
    (withDraft(FORM, ["n", "p"]) as typeof FORM & { kind: "form" }).fields.map(({ value }) => value),
    ["n", "p", "zz"],
  );
  assert.deepEqual(
    (withDraft(LIST, ["b", "gone"]) as typeof LIST & { kind: "checklist" }).items.map(({ on }) => on),
    [false, true, false],
  );
  assert.equal((withDraft(MENU, ["gone"]) as typeof MENU & { kind: "menu" }).chosen, null);
  assert.equal(withDraft(FORM, undefined), FORM);
});

test("renderBox() gives dialog one argument for each thing, and hides secrets", () => {
  const argv = renderBox(FORM);
  assert.deepEqual(argv.slice(argv.indexOf("--mixedform")), [
    ..."--mixedform x 22 76 3 Name 1 1 abc 1 6 64 255 0".split(" "),
    ..."Pass 2 1".split(" "),
    "",
    ..."2 6 64 255 1 Z 3 1 zz 3 6 64 255 0".split(" "),
  ]);
  const menu = renderBox({ ...MENU, chosen: "c" });
  assert.equal(menu[menu.indexOf("--default-item") + 1], "c");
});

test("what is long or no ASCII fits: one argument has at most 128 KiB", () => {
  assert.equal(asciiText("Grün \u2500\n\\n\u001b[2J"), "Gr?n ?\n/n?[2J");
  const argv = renderBox({ ...TEXT, text: "y".repeat(500_000) });
  assert.ok(Math.max(...argv.map((one) => one.length)) < 131_072);
  for (const line of paragraphs("word ".repeat(100)).split("\n")) assert.ok(line.length <= TEXT_COLUMNS);
});
