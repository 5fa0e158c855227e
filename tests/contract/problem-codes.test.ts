// SPDX-License-Identifier: Apache-2.0
// Problems and errors are data: every code of the table is used, and no code decides by words, or by a part of a code.
// Types keep most of it (a Problem's words have no methods); this is for what they let through.
import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { test } from "node:test";
import { problemEntries } from "../../src/core/index.ts";

type Source = { readonly path: string; readonly text: string };

async function readSources(): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for await (const path of glob("{src,bin,lab}/**/*.ts"))
    if (!path.endsWith(".test.ts")) sources.push({ path, text: await readFile(path, "utf8") });
  return sources;
}

/** Strings that may be codes; `${name}-wrong` makes one of each string of its file. */
function wordsOf({ text }: Source): readonly string[] {
  const words = [...text.matchAll(/"([a-z0-9-]+)"/g)].map(([, word = ""]) => word);
  const endings = [...text.matchAll(/`\$\{\w+\}(-[a-z-]+)`/g)].map(([, ending = ""]) => ending);
  return [...words, ...endings.flatMap((ending) => words.map((word) => `${word}${ending}`))];
}

const WORDS = String.raw`(?:[\w.?!\])]*\.message|[\w.?!\])]*\badvice|(?:problem|error|stopper|warning|note)s?\S{0,12}\.text)`;
const SEARCHED = String.raw`\)?[?!]?\.(?:includes|startsWith|endsWith|match|matchAll|search|indexOf|split)\(`;
const CODE = String.raw`(?:[\w.?!\])]*\bcode)`;

/** What reads words, or a part of a code. */
const READS: readonly RegExp[] = [
  new RegExp(`\\b${WORDS}${SEARCHED}`),
  new RegExp(`\\.(?:test|exec)\\((?:String\\()?${WORDS}\\b`),
  new RegExp(`\\b${WORDS}\\)? (?:===|!==) `),
  new RegExp(`(?:===|!==) (?:String\\()?${WORDS}\\b`),
  new RegExp(`switch \\((?:String\\()?${WORDS}\\)`),
  // A problem's words made a string to be read.
  new RegExp(`String\\(\\S*\\b(?:text|advice)${SEARCHED}`),
  new RegExp(`\\.(?:test|exec)\\(String\\(\\S*\\b(?:text|advice)\\)`),
  new RegExp(`\\b${CODE}\\.(?:includes|startsWith|endsWith|match|search|indexOf|split|slice)\\(`),
  new RegExp(`\\.(?:test|exec)\\((?:String\\()?${CODE}\\)`),
];

/** Words of others than ourselves, which have no codes. */
const FOREIGN: readonly (readonly [path: string, line: string, whose: string])[] = [
  ["src/ui/settings/parse.ts", "inOurWords(error.message)", "parseArgs of Node: its first sentence is shown"],
  [
    "src/ui/settings/answer-file.ts",
    'error.message.split("\\n")[0]',
    "the YAML parser: its first line is shown",
  ],
  ["src/convert/initramfs/read.ts", ".test(String(error.code))", "codes of Node's zlib come in families"],
];

function findReads({ path, text }: Source): readonly string[] {
  const foreign = FOREIGN.filter(([file]) => file === path).map(([, line]) => line);
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => !line.startsWith("//") && READS.some((read) => read.test(line)))
    .filter(({ line }) => !foreign.some((known) => line.includes(known)))
    .map(({ line, number }) => `${path}:${number}: ${line}`);
}

test("every code of the table is used", async () => {
  const sources = (await readSources()).filter(({ path }) => !path.startsWith("src/core/problems/"));
  const used = new Set(sources.flatMap(wordsOf));
  const unused = problemEntries().filter(([code]) => !used.has(code));
  assert.deepEqual(
    unused.map(([code]) => code),
    [],
  );
});

test("no code reads the words of a problem or an error, or a part of a code", async () => {
  assert.deepEqual((await readSources()).flatMap(findReads), []);
});

test("the exceptions are still there", async () => {
  for (const [path, line] of FOREIGN) assert.ok((await readFile(path, "utf8")).includes(line), path);
});

test("a planted reader of words or of a part of a code is found; one who shows them is not", () => {
  const readers = [
    "if (problem.text.includes(name)) return;",
    'const isFull = String(problem.text).startsWith("No space");',
    "problems.some(({ text }) => String(text).includes(uuid))",
    "problems.filter((problem) => /RAID/.test(String(problem.text)))",
    'if (error.advice === "") return;',
    "if (/No such host/.test(error.message)) return;",
    'return error instanceof UserError && error.message.startsWith("There is no");',
    "switch (error.message) {",
    'return ours === error?.message ? "same" : "other";',
    'const word = problem.code.split("-")[0];',
    'problems.filter(({ code }) => code.startsWith("host-"))',
    "return !/key|login|missing/.test(error.code);",
  ];
  for (const text of readers) assert.equal(findReads({ path: "x.ts", text }).length, 1, text);
  const others = [
    "line(`    ${event.problem.advice}`);",
    'if (problem.code === "md-degraded") return;',
    "throw errorOf({ ...problem, text: `${problem.text}${others}` });",
    "const words = error instanceof Error ? error.message : String(error);",
    "// problem.text.includes(name) was here once",
    "if (code !== 0) throw failed(stderr);",
  ];
  for (const text of others) assert.deepEqual(findReads({ path: "x.ts", text }), [], text);
});

test("a code that nobody uses is found", () => {
  const text = 'wrong("lanes", value); const code = `${name}-wrong`; refuse("no-disk");';
  const used = wordsOf({ path: "x.ts", text });
  for (const code of ["lanes-wrong", "no-disk"]) assert.ok(used.includes(code), code);
  for (const code of ["memory-wrong", "disk"]) assert.ok(!used.includes(code), code);
});
