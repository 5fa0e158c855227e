// SPDX-License-Identifier: Apache-2.0
// A loader's files may say anything: no rewriter throws, each ends soon, twice is once, and what it does not mean to
// change stays, byte for byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear } from "../../../tests/support/growth.ts";
import fc from "fast-check";
import { testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { check } from "../../../tests/support/laws.ts";
import { withConsoles } from "../steps/consoles/serial-console.ts";
import { readVolumes } from "../names/volumes.ts";
import type { EditLine } from "./command-lines.ts";
import { bareNames } from "./bare-kernels.ts";
import { nameDevices } from "./devices.ts";
import { ALL_FILES } from "./list.ts";
import { withoutLostVolumes } from "./lost-volumes.ts";
import { withoutSanWords } from "./san-words.ts";

const volumes = readVolumes(testGuestOS(), testIntent());
const bare = bareNames(testGuestOS(), testIntent());
const names: EditLine = (line) => nameDevices(line, { volumes, style: "UUID=", bare }).text;

const without: EditLine = ({ text }) => withoutSanWords(withoutLostVolumes(text, volumes).text).text;

const WORDS = [
  ..."\n\n\n\t =:#\"'\\{}$()".split(""),
  ..."linux kernel module initrd /vmlinuz-1 /initrd-1 root=/dev/sda1 resume=/dev/sda2 resume=/dev/sdz9 root=UUID=x".split(
    " ",
  ),
  ..."title menuentry options label append LABEL APPEND INITRD console=ttyS1,9600 console=tty0 quiet".split(
    " ",
  ),
  "# GRUB Environment Block\n",
  "kernelopts=",
  'set kernelopts="',
  "# kopt=",
  'GRUB_CMDLINE_LINUX="',
  "DEFAULT_APPEND=",
  "boot=/dev/sda1",
  "cryptdevice=/dev/sda1:a",
  "rootflags=journal_path=/dev/sda2,device=/dev/sdb",
  "rd.lvm.lv=a/b",
  "rd.luks.key=/k:/dev/sda1",
  "netroot=iscsi:x",
  "ip=ibft",
  "rd.neednet=1",
];
const texts = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 6, unit: "binary-ascii" })), {
    maxLength: 60,
  })
  .map((parts) => parts.join(""));

test("problem 7: no edit is not a change; an edit changes only lines that name a disk or a console; twice is once", async (t) => {
  await check(
    t,
    fc.property(texts, fc.constantFrom(...ALL_FILES), (text, kind) => {
      assert.equal(
        kind.edit(text, (line) => line.text),
        text,
      );
      for (const edit of [names, without, withConsoles]) {
        const once = kind.edit(text, edit);
        if (once === null) continue;
        assert.equal(kind.edit(once, edit), once);
        if (edit === withConsoles) continue;
        const [before, after] = [text.split("\n"), once.split("\n")];
        assert.equal(after.length, before.length);
        for (const [index, line] of before.entries())
          if (line !== after[index])
            assert.match(line, /(root|resume|boot|cryptdevice|rootflags|rd\.[a-z.]+|ip)=/);
      }
    }),
    { runs: 600 },
  );
});

function hostileTexts(scale: 1 | 4): readonly string[] {
  const blanks = " ".repeat(8000 * scale);
  return [
    `linux /vmlinuz${blanks}root=/dev/sda1`,
    `options ${blanks}\n`.repeat(2),
    `append ${"root=".repeat(1500 * scale)}`,
    `append${blanks}initrd${blanks}`,
    "label x\n".repeat(1000 * scale),
    `kernel ${"--a=b ".repeat(1250 * scale)}`,
    "kernel /vmlinuz root=/dev/sda1\n".repeat(250 * scale),
    `# GRUB Environment Block\n${"#".repeat(8000 * scale)}`,
    `GRUB_CMDLINE_LINUX="${"a ".repeat(4000 * scale)}"`,
    `kernel (${"(".repeat(8000 * scale)}`,
  ];
}

test("texts without an end take no quadratic time", async () => {
  await assertLinear("all files of loaders", (scale) => {
    for (const text of hostileTexts(scale))
      for (const kind of ALL_FILES) {
        kind.edit(text, names);
        kind.edit(text, withConsoles);
      }
  });
});
