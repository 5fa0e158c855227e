// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLdd, renderHook } from "./hook-script.ts";

test("libraries are those with a place, and the loader itself", () => {
  const text = `\tlinux-vdso.so.1 (0x00007ffd)
\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f1a2b)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f1a2c)
\tlibgone.so => not found
`;
  const z = "/lib/x86_64-linux-gnu/libz.so.1";
  const loader = "/lib64/ld-linux-x86-64.so.2";
  assert.deepEqual(parseLdd(text), [
    { at: z, from: z },
    { at: loader, from: loader },
  ]);
  const carried = "/run/tree/lib/ld.so";
  assert.deepEqual(parseLdd(`\t${loader} => ${carried} (0x00007f1a2c)\n`), [
    { at: carried, from: carried },
    { at: loader, from: carried },
  ]);
  assert.deepEqual(parseLdd("\tstatically linked\n"), []);
});

test("the kernel's words are one argument, whatever is in them, and the jump comes in any case", () => {
  const script = renderHook({
    recording: "virt-p2v-8-0",
    settings: ["tracing_on"],
    words: "quiet p2v.x='a b' $HOME",
    place: "cutover/writes",
  });
  assert.ok(script.includes(`--command-line='quiet p2v.x='\\''a b'\\'' $HOME'`), script);
  assert.match(script, /^kexec -e$/mu);
});
