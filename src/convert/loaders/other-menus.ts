// SPDX-License-Identifier: Apache-2.0
// Menus of rEFInd (its manual: "refind_linux.conf", "options" of a stanza) and of Limine (CONFIG.md: `cmdline`, before version 8
// `CMDLINE=`). Every entry there may load an initramfs in several ways: all are taken for such.
import { mapLines, MAX_LINE } from "../text/lines.ts";
import { type CommandLineFiles, type EditLine, only } from "./command-lines.ts";

const ESPS = ["/boot/efi", "/efi", "/boot"];

export const refind: CommandLineFiles = {
  title: "rEFInd's menu",
  severity: "warns",
  role: "menu",
  paths: () =>
    Promise.resolve(["/boot/refind_linux.conf", ...ESPS.map((esp) => `${esp}/EFI/refind/refind.conf`)]),
  edit: (text, edit) =>
    editWithin(text, /^([ \t]*(?:"[^"\r\n]*"[ \t]+|(?:add_)?options[ \t]+)")([^"\r\n]*)(".*)$/s, edit),
};

export const limine: CommandLineFiles = {
  title: "Limine's menu",
  severity: "warns",
  role: "menu",
  paths: () =>
    Promise.resolve(
      ESPS.flatMap((esp) =>
        [
          "limine.conf",
          "limine/limine.conf",
          "EFI/limine/limine.conf",
          "limine.cfg",
          "limine/limine.cfg",
        ].map((name) => `${esp}/${name}`),
      ),
    ),
  edit: (text, edit) =>
    editWithin(text, /^([ \t]*(?:kernel_)?cmdline[ \t]*[:=][ \t]*)([^\r\n]*)(\r?\n?)$/i, edit),
};

/** Each line that has the three parts is offered by its middle one. */
function editWithin(text: string, parts: RegExp, edit: EditLine): string {
  return mapLines(text, (line) => {
    const [, before = "", words, after = ""] = line.length > MAX_LINE ? [] : (parts.exec(line) ?? []);
    return words === undefined ? line : `${before}${edit(only(words))}${after}`;
  });
}
