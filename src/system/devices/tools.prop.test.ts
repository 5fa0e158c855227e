// SPDX-License-Identifier: Apache-2.0
// What tools print of a guest's files and of this machine: no words make a reader throw.
import { test } from "node:test";
import fc from "fast-check";
import { damagedText } from "../../../tests/support/hostile-bytes.ts";
import { check } from "../../../tests/support/laws.ts";
import { parseMappedNames } from "./device-mapper.ts";
import { parseFreeBytes } from "./fat-copy.ts";
import { parseMountTable } from "./mount-table.ts";
import { parseGetfattr } from "../views/xattr.ts";

const WORDS: Readonly<Record<string, readonly [(text: string) => unknown, string]>> = {
  parseGetfattr: [parseGetfattr, "# file: etc/a\nsecurity.selinux=0sc3lzdGVt\nuser.__proto__=0sYQ==\n"],
  parseFreeBytes: [parseFreeBytes, " Volume in drive : is X\n        255 565 824 bytes free\n"],
  parseMappedNames: [parseMappedNames, "vg-root\t(254:0)\np2v-1\t(254, 1)\n"],
  parseMountTable: [parseMountTable, "36 35 98:0 / /mnt\\040x\\012y rw - ext4 /dev/sda1 rw\n"],
};

for (const [name, [parse, sound]] of Object.entries(WORDS))
  test(`${name}: no words make it throw`, (t) =>
    check(
      t,
      fc.property(damagedText(sound), (text) => {
        parse(text);
      }),
      { runs: 150 },
    ));
