// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { addConsoles, editWords, wordValues } from "./kernel-words.ts";

test("addConsoles() puts the serial line first and the screen last", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["quiet", "quiet console=ttyS0,115200 console=tty0"],
    ["", "console=ttyS0,115200 console=tty0"],
    ["ro quiet \n", "ro quiet console=ttyS0,115200 console=tty0 \n"],
    ["console=tty0 ro", "console=ttyS0,115200 console=tty0 ro"],
    ["console=ttyS1,9600 ro", "console=ttyS0,115200 console=ttyS1,9600 ro console=tty0"],
    ['"console=ttyS1,9600n8" ro', 'console=ttyS0,115200 "console=ttyS1,9600n8" ro console=tty0'],
    ["console=ttyS0 ro", "console=ttyS0 ro"],
    ["console=tty0 console=hvc0", "console=tty0 console=hvc0"],
    ["netconsole=4444@10.0.0.1/eth0", "netconsole=4444@10.0.0.1/eth0 console=ttyS0,115200 console=tty0"],
  ];
  for (const [before, after] of cases) {
    assert.equal(addConsoles(before), after);
    assert.equal(addConsoles(after), after, "twice is once");
  }
});

test("editWords() changes whole words of the given keys, and takes a word out with one blank", () => {
  const upper = (text: string): string =>
    editWords(text, ["root"], (key, value) => (value === "x" ? null : `${key}=${value.toUpperCase()}`));
  assert.equal(upper("a root=/dev/sda1 b"), "a root=/DEV/SDA1 b");
  assert.equal(upper("a root=x b"), "a b");
  assert.equal(upper('"root=x"'), '""');
  for (const kept of ["root=${root}", "root=UUID=$(findmnt -no UUID /)", "root=`x`"])
    assert.equal(upper(kept), kept);
  assert.equal(upper("nfsroot=/a subroot=/b root=/c\n"), "nfsroot=/a subroot=/b root=/C\n");
  assert.deepEqual(wordValues("console=a xconsole=b console=c", "console"), ["a", "c"]);
});
